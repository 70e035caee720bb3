using System.Collections.Immutable;

namespace Tenon.Server.Auth;

/// <summary>One refusal in GoTrue's words: code and status from the closed list, a message, and what only some carry.</summary>
internal sealed record AuthError(string Code, int Status, string Message)
{
    /// <summary>length, characters, pwned; only of weak_password.</summary>
    public ImmutableArray<string> WeakPasswordReasons { get; init; } = [];

    /// <summary>Seconds to wait (Retry-After).</summary>
    public int? RetryAfter { get; init; }

    public AuthException ToException() => new(this);
}

/// <summary>Carries an <see cref="AuthError"/> from a gate to the endpoint's edge.</summary>
internal sealed class AuthException(AuthError error) : Exception(error.Message)
{
    public AuthError Error { get; } = error;
}

/// <summary>
/// The closed catalogue of /auth/v1: one factory per refusal. Codes are GoTrue's; each is described in
/// docs/errors-auth.md and provoked by a test, both are checked.
/// </summary>
internal static class AuthErrors
{
    public static readonly AuthError BadJson = new("bad_json", 400, "Could not parse request body as a JSON object");
    public static readonly AuthError InvalidCredentials = new("invalid_credentials", 400, "Invalid login credentials");
    public static readonly AuthError EmailNotConfirmed = new("email_not_confirmed", 400, "Email not confirmed");
    public static readonly AuthError UserAlreadyExists = new("user_already_exists", 422, "User already registered");
    public static readonly AuthError EmailExists = new("email_exists", 422, "A user with this email address has already been registered");
    public static readonly AuthError PhoneExists = new("phone_exists", 422, "A user with this phone number has already been registered");
    public static readonly AuthError SignupDisabled = new("signup_disabled", 422, "Signups not allowed for this instance");
    public static readonly AuthError EmailProviderDisabled = new("email_provider_disabled", 422, "Email signups are disabled");
    public static readonly AuthError PhoneProviderDisabled = new("phone_provider_disabled", 422, "Phone logins are disabled");
    public static readonly AuthError AnonymousProviderDisabled = new("anonymous_provider_disabled", 422, "Anonymous sign-ins are disabled");
    public static readonly AuthError SamePassword = new("same_password", 422, "New password should be different from the old password.");
    public static readonly AuthError CurrentPasswordInvalid = new("current_password_invalid", 400, "The current password is not right");
    public static readonly AuthError ReauthenticationNeeded = new("reauthentication_needed", 400, "Password update requires a recent sign-in");
    public static readonly AuthError RefreshTokenNotFound = new("refresh_token_not_found", 400, "Invalid Refresh Token: Refresh Token Not Found");
    public static readonly AuthError RefreshTokenAlreadyUsed = new("refresh_token_already_used", 400, "Invalid Refresh Token: Already Used");
    public static readonly AuthError SessionExpired = new("session_expired", 400, "Invalid Refresh Token: Session Expired");
    public static readonly AuthError UserBannedAtSignIn = new("user_banned", 400, "User is banned");
    public static readonly AuthError UserBanned = new("user_banned", 403, "User is banned");
    public static readonly AuthError SessionNotFound = new("session_not_found", 403, "Session from session_id claim in JWT does not exist");
    public static readonly AuthError NoSuchSession = new("session_not_found", 404, "No session of this user has that id");
    public static readonly AuthError NoAuthorization = new("no_authorization", 401, "This endpoint requires a valid Bearer token");
    public static readonly AuthError InvalidApiKey = new("no_authorization", 401, "Invalid API key");
    public static readonly AuthError ForeignOrigin = new("no_authorization", 403, "A page of another origin may not change anything by a cookie");
    public static readonly AuthError NotAdmin = new("not_admin", 403, "User not allowed");
    public static readonly AuthError MfaTotpEnrolNotEnabled = new("mfa_totp_enroll_not_enabled", 422, "MFA enroll is disabled for TOTP");
    public static readonly AuthError MfaTotpVerifyNotEnabled = new("mfa_totp_verify_not_enabled", 422, "MFA verification is disabled for TOTP");
    public static readonly AuthError MfaPhoneEnrolNotEnabled = new("mfa_phone_enroll_not_enabled", 422, "MFA enroll is disabled for Phone");
    public static readonly AuthError MfaWebAuthnEnrolNotEnabled = new("mfa_webauthn_enroll_not_enabled", 422, "MFA enroll is disabled for WebAuthn");
    public static readonly AuthError MfaPhoneVerifyNotEnabled = new("mfa_phone_verify_not_enabled", 422, "MFA verification is disabled for Phone");
    public static readonly AuthError MfaWebAuthnVerifyNotEnabled = new("mfa_webauthn_verify_not_enabled", 422, "MFA verification is disabled for WebAuthn");
    public static readonly AuthError MfaVerifiedPhoneExists = new("mfa_verified_factor_exists", 422, "A verified phone factor already exists, unenroll the existing factor to continue");
    public static readonly AuthError PasskeyDisabled = new("passkey_disabled", 404, "Passkeys are disabled");
    public static readonly AuthError NoSuchPasskey = new("validation_failed", 404, "Passkey not found");
    public static readonly AuthError LastPasskeyNotDeletable = new("single_identity_not_deletable", 422, "This passkey is the only way into the account; add an address or another passkey first");
    public static readonly AuthError Aal2ForPasskeys = new("insufficient_aal", 403, "AAL2 session is required to manage passkeys when MFA is enabled");
    public static readonly AuthError WebAuthnChallengeNotFound = new("webauthn_challenge_not_found", 400, "Challenge not found or already used");
    public static readonly AuthError WebAuthnChallengeExpired = new("webauthn_challenge_expired", 400, "Challenge has expired");
    public static readonly AuthError WebAuthnCredentialExists = new("webauthn_credential_exists", 422, "This credential is already registered");
    public static readonly AuthError MfaFactorNotFound = new("mfa_factor_not_found", 404, "Factor not found");
    public static readonly AuthError MfaChallengeNotFound = new("mfa_factor_not_found", 422, "MFA factor with the provided challenge ID not found");
    public static readonly AuthError MfaChallengeExpired = new("mfa_challenge_expired", 422, "MFA challenge has expired, create a new challenge");
    public static readonly AuthError MfaIpAddressMismatch = new("mfa_ip_address_mismatch", 422, "Challenge and verify IP addresses mismatch");
    public static readonly AuthError MfaFactorNameConflict = new("mfa_factor_name_conflict", 422, "A factor with this friendly name already exists for this user");
    public static readonly AuthError MfaVerifiedFactorExists = new("mfa_verified_factor_exists", 422, "Recovery codes exist already; regenerate them to replace them");
    public static readonly AuthError TooManyFactors = new("too_many_enrolled_mfa_factors", 422, "Maximum number of enrolled factors reached, unenroll to continue");
    public static readonly AuthError Aal2ToUpdate = new("insufficient_aal", 401, "AAL2 session is required to update email or password when MFA is enabled.");
    public static readonly AuthError Aal2ToEnrol = new("insufficient_aal", 403, "AAL2 required to enroll a new factor");
    public static readonly AuthError Aal2ToUnenrol = new("insufficient_aal", 422, "AAL2 required to unenroll verified factor");
    public static readonly AuthError Aal2ForRecoveryCodes = new("insufficient_aal", 403, "AAL2 required to manage recovery codes");
    public static readonly AuthError UserNotFound = new("user_not_found", 404, "User not found");
    public static readonly AuthError SigningKeysInFile = new("signing_keys_in_file", 422, "The signing keys are those of [auth] signing_keys_path: put the next key first in that file and start again");
    public static readonly AuthError NoSuchKey = new("api_key_not_found", 404, "No API key has that name");
    public static readonly AuthError NoSuchUserKey = new("api_key_not_found", 404, "No API key of this user has that id");
    public static readonly AuthError KeyIsNoSession = new("no_authorization", 401, "An API key of a user is not accepted here; sign in");
    public static readonly AuthError Aal2ForKeys = new("insufficient_aal", 403, "AAL2 required to make an API key");
    public static readonly AuthError Conflict = new("conflict", 409, "The same record was changed by another request; try again");
    public static readonly AuthError EnvironmentChanged = new("conflict", 409, "This environment was changed since the plan was made; nothing was done, plan again");
    public static readonly AuthError SwitchedOff = new("feature_disabled", 404, "Sign-in is switched off on this server ([auth] enabled): users sign in by the application it is part of");
    public static readonly AuthError InviteNotFound = new("invite_not_found", 404, "Invite not found");
    public static readonly AuthError InvitedUserNotFound = new("user_not_found", 404, "User identified by token not found");
    public static readonly AuthError RequestTimeout = new("request_timeout", 504, "Processing this request timed out, please retry after a moment.");
    public static readonly AuthError SmsSendFailed = new("sms_send_failed", 422, "Error sending the text message: the sender refused it for this number");
    public static readonly AuthError UnexpectedAudience = new("unexpected_audience", 403, "Token audience doesn't match request audience");
    public static readonly AuthError UserSsoManaged = new("user_sso_managed", 422, "Updating email, phone, password of a SSO account only possible via SSO");
    public static readonly AuthError NoSuchRoute = new("unknown", 404, "No such path under /auth/v1");
    public static readonly AuthError UnexpectedFailure = new("unexpected_failure", 500, "Unexpected failure, please check server logs for more information");
    public static readonly AuthError UserNotSaved = new("unexpected_failure", 500, "Database error saving new user");
    public static readonly AuthError BodyTooLarge = new("validation_failed", 413, "The request body is too large");

    public static readonly AuthError QueryNotReadable = new("validation_failed", 400, "The query of the request holds a NUL character");
    public static readonly AuthError FormNotReadable = new("validation_failed", 400, "The form of the request cannot be read");

    public static readonly AuthError OtpDisabled = new("otp_disabled", 422, "Signups not allowed for otp");
    public static readonly AuthError CodeExpired = new("otp_expired", 403, "Token has expired or is invalid");
    public static readonly AuthError LinkExpired = new("otp_expired", 403, "Email link is invalid or has expired");
    public static readonly AuthError ReauthenticationNotValid = new("reauthentication_not_valid", 422, "Nonce has expired or is invalid");
    public static readonly AuthError CurrentPasswordRequired = new("current_password_required", 400, "The current password is needed to set a new one");
    public static readonly AuthError FlowStateNotFound = new("flow_state_not_found", 404, "invalid flow state, no valid flow state found");
    public static readonly AuthError FlowStateExpired = new("flow_state_expired", 403, "invalid flow state, flow state has expired");
    public static readonly AuthError FlowStateAlreadyUsed = new("flow_state_already_used", 400, "State has already been used");
    public static readonly AuthError BadCodeVerifier = new("bad_code_verifier", 400, "code challenge does not match previously saved code verifier");
    public static readonly AuthError PhoneNotConfirmed = new("phone_not_confirmed", 400, "Phone not confirmed");
    public static readonly AuthError UnconfirmedPhone = new("phone_not_confirmed", 422, "Please verify your phone first.");
    public static readonly AuthError UnconfirmedUser = new("email_not_confirmed", 422, "Please verify your email first.");
    public static readonly AuthError NoMailServer = new("unexpected_failure", 500, "Error sending email: no mail server is set ([auth.email.smtp])");

    public static readonly AuthError ManualLinkingDisabled = new("manual_linking_disabled", 404, "Manual linking is disabled");
    public static readonly AuthError SingleIdentityNotDeletable = new("single_identity_not_deletable", 422, "User must have at least 1 identity after unlinking");
    public static readonly AuthError IdentityNotFound = new("identity_not_found", 422, "Identity doesn't exist");
    public static readonly AuthError EmailConflictIdentityNotDeletable = new("email_conflict_identity_not_deletable", 422, "Unable to unlink identity due to email conflict");
    public static readonly AuthError ProviderDisabled = new("provider_disabled", 400, "Provider is not enabled");
    public static readonly AuthError ProviderUnreachable = new("unexpected_failure", 503, "The provider gave no usable answer; try again");

    public static readonly AuthError CustomProviderNotFound = new("custom_provider_not_found", 404, "Custom OAuth provider not found");

    public static readonly AuthError OAuthServerDisabled = new("feature_disabled", 404, "This server is no identity provider; set [auth.oauth_server] enabled = true");
    public static readonly AuthError ClientTokenNotHere = new("no_authorization", 403, "A token that a client holds for a user is not accepted here; sign in");
    public static readonly AuthError OAuthClientNotFound = new("oauth_client_not_found", 404, "OAuth client not found");
    public static readonly AuthError OAuthAuthorizationNotFound = new("oauth_authorization_not_found", 404, "authorization not found");
    public static readonly AuthError Aal2ToConsent = new("insufficient_aal", 403, "AAL2 required to answer an authorization request");
    public static readonly AuthError SignInToConsent = new("reauthentication_needed", 400, "The client asked for a new sign-in");
    public static readonly AuthError OAuthConsentNotFound = new("oauth_consent_not_found", 404, "No active grant found for this client");
    public static readonly AuthError DynamicRegistrationDisabled =
        new("oauth_dynamic_client_registration_disabled", 403, "Dynamic client registration is not enabled");

    public static AuthError BadOAuthCallback(string message) => new("bad_oauth_callback", 400, message);

    public static AuthError BadOAuthState(string message) => new("bad_oauth_state", 400, message);

    public static AuthError IdentityAlreadyExists(string message) => new("identity_already_exists", 422, message);

    public static AuthError ProviderEmailNeedsVerification(string provider) =>
        new("provider_email_needs_verification", 403, $"Unverified email with {provider}. Verify the email with {provider} in order to sign in");

    public static AuthError EmailAddressInvalid(string address) => new("email_address_invalid", 400, $"Email address \"{address}\" is invalid");

    public static AuthError EmailAddressNotAuthorized(string address) =>
        new("email_address_not_authorized", 400, $"Email address \"{address}\" cannot be used as it is not authorized");

    public static AuthError OverEmailSendRateLimit(int retryAfter) =>
        new("over_email_send_rate_limit", 429, $"For security purposes, you can only request this after {retryAfter} seconds.") { RetryAfter = retryAfter };

    public static readonly AuthError HookTimeout = new("hook_timeout", 422, "Failed to reach hook within maximum time of 5 seconds");
    public static readonly AuthError HookUnreachable = new("hook_timeout_after_retry", 422, "Failed to reach hook");
    public static readonly AuthError HookAnswerTooLarge = new("hook_payload_over_size_limit", 422, "Payload size exceeds size limit");
    public static readonly AuthError HookCodeFailed = new("unexpected_failure", 500, "Error running hook");
    public static readonly AuthError HookAnswerInvalid = new("unexpected_failure", 500, "Invalid payload sent by hook");

    public static AuthError HookRefused(int status, string message) =>
        status < 500 ? new("unknown", status, message) : new("unexpected_failure", 500, message);

    public static AuthError HookFunctionFailed(string function, string message) =>
        new("unexpected_failure", 500, $"Error running hook {function}: {message}");

    public static AuthError HookFailed(int status) => new("unexpected_failure", 500, $"Unexpected status code returned from hook: {status}");

    public static AuthError OverSmsSendRateLimit(int retryAfter) =>
        new("over_sms_send_rate_limit", 429, $"For security purposes, you can only request this after {retryAfter} seconds.") { RetryAfter = retryAfter };

    public static AuthError TooManyKeys(int most) => new("too_many_api_keys", 422, $"A user has at most {most} API keys; delete one first");

    public static AuthError TooManyPasskeys(int most) => new("too_many_passkeys", 422, $"A user has at most {most} passkeys; delete one first");

    public static AuthError WebAuthnVerificationFailed(string message) => new("webauthn_verification_failed", 400, message);

    public static AuthError ValidationFailed(string message) => new("validation_failed", 400, message);

    public static readonly AuthError CaptchaUnavailable = new("unexpected_failure", 500, "captcha verification process failed");

    public static AuthError CaptchaFailed(string reason) => new("captcha_failed", 400, $"captcha protection: request disallowed ({reason})");

    public static AuthError MfaVerificationFailed(string message) => new("mfa_verification_failed", 422, message);

    public static AuthError MfaVerificationRejected(string message) => new("mfa_verification_rejected", 403, message);

    public static AuthError RecoveryCodesLocked(int seconds) =>
        new("mfa_recovery_codes_locked", 429, "Too many wrong recovery codes; wait or use another factor") { RetryAfter = seconds };

    public static AuthError BadJwt(string reason) => new("bad_jwt", 403, $"invalid JWT: {reason}");

    public static AuthError NotBuilt(string feature) => new("feature_disabled", 501, $"{feature} is not built yet");

    public static AuthError OverRequestRateLimit(int retryAfter) =>
        new("over_request_rate_limit", 429, "Request rate limit reached") { RetryAfter = retryAfter };

    public static AuthError WeakPassword(string message, ImmutableArray<string> reasons) =>
        new("weak_password", 422, message) { WeakPasswordReasons = reasons };

    public static AuthError Unavailable(int? retryAfter) =>
        new("unexpected_failure", 503, "The server cannot store this at the moment; try again") { RetryAfter = retryAfter ?? 1 };

    /// <summary>All codes this server answers, for the check against the docs.</summary>
    public static readonly ImmutableArray<string> Codes =
    [
        "anonymous_provider_disabled",
        "api_key_not_found",
        "bad_code_verifier",
        "bad_json",
        "bad_jwt",
        "bad_oauth_callback",
        "bad_oauth_state",
        "captcha_failed",
        "conflict",
        "current_password_invalid",
        "current_password_required",
        "custom_provider_not_found",
        "email_address_invalid",
        "email_address_not_authorized",
        "email_conflict_identity_not_deletable",
        "email_exists",
        "email_not_confirmed",
        "email_provider_disabled",
        "feature_disabled",
        "flow_state_already_used",
        "flow_state_expired",
        "flow_state_not_found",
        "hook_payload_over_size_limit",
        "hook_timeout",
        "hook_timeout_after_retry",
        "identity_already_exists",
        "identity_not_found",
        "insufficient_aal",
        "invalid_credentials",
        "invite_not_found",
        "manual_linking_disabled",
        "mfa_challenge_expired",
        "mfa_factor_name_conflict",
        "mfa_factor_not_found",
        "mfa_ip_address_mismatch",
        "mfa_phone_enroll_not_enabled",
        "mfa_phone_verify_not_enabled",
        "mfa_recovery_codes_locked",
        "mfa_totp_enroll_not_enabled",
        "mfa_totp_verify_not_enabled",
        "mfa_verification_failed",
        "mfa_verification_rejected",
        "mfa_verified_factor_exists",
        "mfa_webauthn_enroll_not_enabled",
        "mfa_webauthn_verify_not_enabled",
        "no_authorization",
        "not_admin",
        "oauth_authorization_not_found",
        "oauth_client_not_found",
        "oauth_consent_not_found",
        "oauth_dynamic_client_registration_disabled",
        "otp_disabled",
        "otp_expired",
        "over_email_send_rate_limit",
        "over_request_rate_limit",
        "over_sms_send_rate_limit",
        "passkey_disabled",
        "phone_exists",
        "phone_not_confirmed",
        "phone_provider_disabled",
        "provider_disabled",
        "provider_email_needs_verification",
        "reauthentication_needed",
        "reauthentication_not_valid",
        "refresh_token_already_used",
        "refresh_token_not_found",
        "request_timeout",
        "same_password",
        "session_expired",
        "session_not_found",
        "signing_keys_in_file",
        "signup_disabled",
        "single_identity_not_deletable",
        "sms_send_failed",
        "too_many_api_keys",
        "too_many_enrolled_mfa_factors",
        "too_many_passkeys",
        "unexpected_audience",
        "unexpected_failure",
        "unknown",
        "user_already_exists",
        "user_banned",
        "user_not_found",
        "user_sso_managed",
        "validation_failed",
        "weak_password",
        "webauthn_challenge_expired",
        "webauthn_challenge_not_found",
        "webauthn_credential_exists",
        "webauthn_verification_failed",
    ];
}
