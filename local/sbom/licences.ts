import { type Component, identity, type Sbom } from './sbom.ts';

/** Licences that ask for nothing but their own text and a notice. */
const PERMISSIVE = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Unlicense',
]);

/** `A OR (B AND C)`: one alternative must be permissive in all its parts. */
const permits = (expression: string): boolean =>
  expression
    .replaceAll(/[()]/g, '')
    .split(' OR ')
    .some((alternative) => alternative.split(' AND ').every((id) => PERMISSIVE.has(id.trim())));

const licenceOf = ({ licenses = [] }: Component): string =>
  licenses.map(({ expression, license }) => expression ?? license?.id ?? license?.name ?? '').join(' AND ');

/** `name@version: licence` of each component that is not under a permissive licence, or that does not say. */
export const notPermissive = ({ components }: Sbom): string[] =>
  components
    .filter((component) => !permits(licenceOf(component)))
    .map((component) => `${identity(component)}: ${licenceOf(component) || 'no licence named'}`);
