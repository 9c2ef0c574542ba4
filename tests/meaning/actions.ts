import type { Action } from "./action.ts";
import { access } from "./actions/access.ts";
import { body } from "./actions/body.ts";
import { headers } from "./actions/headers.ts";
import { resilience } from "./actions/resilience.ts";
import { routing } from "./actions/routing.ts";
import { state } from "./actions/state.ts";
import { telemetry } from "./actions/telemetry.ts";
import { text } from "./actions/text.ts";

/** What each action of the standard interface means, by its name in a checked policy. */
export const actions: Readonly<Record<string, Action>> = {
  ...headers,
  ...access,
  ...routing,
  ...resilience,
  ...state,
  ...telemetry,
  ...body,
  ...text,
};
