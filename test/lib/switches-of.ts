import type * as z from 'zod';

/** What can be switched on in a configuration: every boolean that is off by default, every group of settings that may be absent. */
export const switchesOf = (schema: z.core.$ZodType, path = ''): string[] => {
  const { def } = schema._zod;
  if (def.type === 'optional') {
    const { innerType } = def as unknown as { innerType: z.core.$ZodType };
    return innerType._zod.def.type === 'object' ? [path] : [];
  }
  if (def.type === 'default' || def.type === 'prefault') {
    const { innerType, defaultValue } = def as unknown as { innerType: z.core.$ZodType; defaultValue: unknown };
    if (innerType._zod.def.type === 'boolean') return defaultValue === false ? [path] : [];
    if (innerType._zod.def.type === 'record') return [path];
    return switchesOf(innerType, path);
  }
  if (def.type !== 'object') return [];
  const { shape } = def as unknown as { shape: Record<string, z.core.$ZodType> };
  return Object.entries(shape).flatMap(([key, member]) => switchesOf(member, path ? `${path}.${key}` : key));
};
