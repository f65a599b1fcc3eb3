/** Why a tunnel ended. The first cause counts. */
export type EndReason =
  /** Both sides closed in good order. */
  | 'completed'
  | 'client_lost'
  | 'exit_lost'
  /** The framing of an absolute-form request, or of its answer, cannot be relied on. */
  | 'malformed_request'
  | 'malformed_response'
  /** One side closed and the other did not within the time that is left for it. */
  | 'half_close_timeout'
  | 'idle_timeout'
  | 'budget_dry'
  /** The budget waited too long for the edge. */
  | 'budget_unanswered'
  /** The credential was revoked, paused, has expired, or was given a cap that it did not have. */
  | 'credential_ended'
  | 'account_ended'
  | 'shutdown';
