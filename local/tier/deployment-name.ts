/** Every name starts with the deployment's; the tiers keep the default one. */
export const DEPLOYMENT = 'spotforge';
