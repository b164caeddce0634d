export type { Acts } from './acts.ts';
export { asTest } from './as-test.ts';
export type { Attachment } from './attachments.ts';
export type { Channel, Delivery } from './channels/channel.ts';
export { loadChannels } from './channels/load-nodemailer.ts';
export { type ChannelCheck, checkChannels, checkTemplates } from './check.ts';
export { type Clock, systemClock } from './clock.ts';
export { isChannelOff, whyOff } from './config/channel-off.ts';
export {
  type ChannelConfig,
  type ChannelSettings,
  channelSchema,
} from './config/channel-schema.ts';
export { isAlerting } from './config/secret-fields.ts';
export { readSecretVariable, secretsOf } from './config/secrets.ts';
export { serverHintMs } from './delivery/server-hint.ts';
export { type RetryPolicy, withRetry } from './delivery/with-retry.ts';
export {
  isNotifierError,
  isTemplateError,
  NotifierError,
  type NotifierErrorCode,
  TemplateError,
  type TemplateIssue,
} from './errors.ts';
export type { FlushMode, FlushReport } from './flush.ts';
export { type Message, parseMessage, type Severity, severities } from './message.ts';
export { createNotifier } from './notifier.ts';
export type { Notifier, NotifierOptions, RepeatOptions, SendOptions } from './notifier-api.ts';
export { type Preview, previewMessage } from './preview.ts';
export type { Receipt } from './receipt.ts';
export { redactor, secretTexts } from './redact.ts';
export { type AlertmanagerPayload, renderAlertmanager } from './render/alertmanager.ts';
export { type DiscordPayload, renderDiscord } from './render/discord.ts';
export { type EmailContent, renderEmail } from './render/email.ts';
export { type OpsgeniePayload, renderOpsgenie } from './render/opsgenie.ts';
export { type PagerdutyPayload, renderPagerduty } from './render/pagerduty.ts';
export { escapeSlack, renderSlack, type SlackPayload } from './render/slack.ts';
export { renderTeams, type TeamsPayload } from './render/teams.ts';
export { renderWebhook, type WebhookPayload } from './render/webhook.ts';
export {
  defaultRepeatPolicy,
  type NextRepeat,
  nextRepeat,
  type RepeatEffect,
  type RepeatPolicy,
  type RepeatState,
  repeatEffect,
} from './repeat/policy.ts';
export type { Repeating } from './repeat/repeater.ts';
export { signWebhook } from './sign.ts';
export { readableDuration, type Situation } from './situation.ts';
export type { DeadMessage, SpoolStatus, WaitingMessage } from './status.ts';
export { type EventRule, eventNames, events } from './templates/events.ts';
export {
  type FixedLinks,
  fixedLinks,
  fixedLinksSchema,
  type LinkValues,
} from './templates/fixed-links.ts';
export { loadTemplates, type Templates } from './templates/load-templates.ts';
export { type MessageHead, renderMessage } from './templates/render-message.ts';
export { type Standing, whoActs } from './templates/who-acts.ts';
export { truncate } from './text/cut.ts';
