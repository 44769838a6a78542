import { RouteNotFound } from '../shared/errors.ts';
import { type HttpAnswer, type HttpEvent, httpHandler } from '../shared/handlers.ts';

export const environment = [] as const;

/** `$default`: whatever no route takes. */
export const refuseUnknownRoute = async ({ requestContext: { http } }: HttpEvent): Promise<HttpAnswer> => {
  throw new RouteNotFound(http.method, http.path.slice(0, 200));
};

export const handler = httpHandler(environment, () => ({}), refuseUnknownRoute);
