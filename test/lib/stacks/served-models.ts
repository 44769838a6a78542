import { EVERY_SWITCH, THE_OTHER_WAY } from '../every-switch.ts';
import { asText, resourcesOf, synthesise } from '../synthesised.ts';

const [internal, facing] = [EVERY_SWITCH, THE_OTHER_WAY].map((deployment) => synthesise(deployment).templates.inference);
if (!internal || !facing) throw new Error('the inference stack is missing');
export type Template = typeof internal;
export type Properties = Record<string, unknown>;

/** Internal load balancers, private subnets, two models. */
export const inference: Template = internal;
/** Internet-facing ones, public subnets, one model. */
export const open: Template = facing;

/** What the logical ids of the model begin with that both have. */
export const MODEL = 'acmesentiment';

export const propertiesOf = (template: Template, type: string, id = ''): Properties[] =>
  resourcesOf(template, type)
    .filter(([each]) => each.startsWith(id))
    .map(([, { Properties }]) => Properties);

/** Of the one resource of its type whose logical id begins so. */
export const only = (template: Template, type: string, id = ''): Properties => {
  const [one, ...others] = propertiesOf(template, type, id);
  if (!one || others.length > 0) throw new Error(`there are ${one ? others.length + 1 : 0} ${type} ${id}`);
  return one;
};

/** Attributes of a load balancer or a target group by name. */
export const attributes = (properties: Properties, of: 'LoadBalancerAttributes' | 'TargetGroupAttributes'): Properties =>
  Object.fromEntries((properties[of] as { Key: string; Value: unknown }[]).map(({ Key, Value }) => [Key, asText(Value)]));
