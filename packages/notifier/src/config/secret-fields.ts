/** A channel's settings, as far as they are looked at here. */
interface Settings {
  readonly type: string;
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
}

/** A secret beside the address. */
export interface SecretField {
  readonly field: string;
  /** The field that names a file with it. */
  readonly file: string;
  readonly isNeeded: boolean;
}

const secretFields: Readonly<Record<string, readonly SecretField[]>> = {
  webhook: [{ field: 'secret', file: 'secretFile', isNeeded: false }],
  slack: [{ field: 'token', file: 'tokenFile', isNeeded: false }],
  pagerduty: [{ field: 'routingKey', file: 'routingKeyFile', isNeeded: true }],
  opsgenie: [{ field: 'apiKey', file: 'apiKeyFile', isNeeded: true }],
  alertmanager: [
    { field: 'token', file: 'tokenFile', isNeeded: false },
    { field: 'password', file: 'passwordFile', isNeeded: false },
  ],
};

/** The secrets that a type of channel has beside its address. */
export const secretFieldsOf = ({ type }: Pick<Settings, 'type'>): readonly SecretField[] =>
  secretFields[type] ?? [];

/** Whether a Slack channel is written to by a bot, and not by a webhook. */
export const isBot = ({ type, token, tokenFile }: Settings): boolean =>
  type === 'slack' && (token !== undefined || tokenFile !== undefined);

/** Whether a channel opens and closes alerts, and does not show messages to people. */
export const isAlerting = ({ type }: Pick<Settings, 'type'>): boolean =>
  ['pagerduty', 'opsgenie', 'alertmanager'].includes(type);

/** Whether its vendor has one address for all, so that none has to be named. */
export const hasVendorAddress = (settings: Settings): boolean =>
  settings.type === 'pagerduty' || settings.type === 'opsgenie' || isBot(settings);
