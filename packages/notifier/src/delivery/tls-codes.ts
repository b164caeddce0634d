/** Whether an error's code says that a certificate or the TLS handshake was not accepted: a mistake in some configuration. */
export const isTlsCode = (code: string): boolean =>
  /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/.test(code);
