using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Server.Hosting;

/// <summary>
/// What a sign-in hook in code is given, and what it answers. A hook has five seconds and runs in a scope of the host's
/// services, outside the database's transactions. An exception, or no answer in time, refuses what was asked about.
/// </summary>
public abstract class HookContext
{
    private protected HookContext(IServiceProvider services, JsonElement payload) => (Services, Payload) = (services, payload);

    /// <summary>Services of the host, in a scope of this call.</summary>
    public IServiceProvider Services { get; }

    /// <summary>All that a hook by SQL or HTTP is given for the same moment.</summary>
    public JsonElement Payload { get; }

    /// <summary>Address of the client; empty where a message is sent later.</summary>
    public string IpAddress => Payload.GetProperty("metadata").GetProperty("ip_address").GetString()!;

    internal JsonObject Answer { get; private protected set; } = [];

    /// <summary>Refuses what is about to happen; the message is shown to the client. Statuses from 400 to 499.</summary>
    public void Refuse(string message, int status = 403) =>
        Answer = new JsonObject { ["error"] = new JsonObject { ["http_code"] = status, ["message"] = message } };

    private protected string Text(string member) => Payload.GetProperty(member).GetString() ?? "";

    private protected Guid Id(string member) => Payload.GetProperty(member).GetGuid();

    internal virtual JsonObject Finish() => Answer;
}

/// <summary>A user is about to be created, by sign-up, code, provider, invitation or an administrator.</summary>
public sealed class BeforeUserCreatedContext : HookContext
{
    internal BeforeUserCreatedContext(IServiceProvider services, JsonElement payload)
        : base(services, payload) { }

    /// <summary>The user as /auth/v1/user would answer it.</summary>
    public JsonElement User => Payload.GetProperty("user");

    /// <summary>The address; empty where there is none.</summary>
    public string Email => User.TryGetProperty("email", out JsonElement email) ? email.GetString() ?? "" : "";
}

/// <summary>An access token is about to be signed.</summary>
public sealed class AccessTokenContext : HookContext
{
    internal AccessTokenContext(IServiceProvider services, JsonElement payload)
        : base(services, payload) => Claims = JsonObject.Create(payload.GetProperty("claims"))!;

    /// <summary>Who the token is for.</summary>
    public Guid UserId => Id("user_id");

    /// <summary>How the user came in: password, otp, oauth …</summary>
    public string AuthenticationMethod => Text("authentication_method");

    /// <summary>The claims, to be added to; iss, sub, aud, exp, iat, role, aal, amr, session_id and is_anonymous stay what they are.</summary>
    public JsonObject Claims { get; }

    internal override JsonObject Finish()
    {
        if (!Answer.ContainsKey("error"))
        {
            Answer = new JsonObject { ["claims"] = Claims };
        }
        return Answer;
    }
}

/// <summary>A password was compared; no session has been made yet.</summary>
public sealed class PasswordVerificationContext : HookContext
{
    internal PasswordVerificationContext(IServiceProvider services, JsonElement payload)
        : base(services, payload) { }

    /// <summary>Whose password it was to be.</summary>
    public Guid UserId => Id("user_id");

    /// <summary>The password is right.</summary>
    public bool IsValid => Payload.GetProperty("valid").GetBoolean();

    /// <summary>Refuses the sign-in, also of a right password; ends the user's sessions where asked to.</summary>
    public void Reject(string message, bool logoutUser = false) =>
        Answer = new JsonObject { ["decision"] = "reject", ["message"] = message, ["should_logout_user"] = logoutUser };
}

/// <summary>A second factor was compared: an authenticator app, a security key or a telephone. Nobody has a token at aal2 of it yet.</summary>
public sealed class FactorVerificationContext : HookContext
{
    internal FactorVerificationContext(IServiceProvider services, JsonElement payload)
        : base(services, payload) { }

    /// <summary>Whose factor it is.</summary>
    public Guid UserId => Id("user_id");

    /// <summary>The factor.</summary>
    public Guid FactorId => Id("factor_id");

    /// <summary>totp, webauthn or phone.</summary>
    public string FactorType => Text("factor_type");

    /// <summary>The answer is right.</summary>
    public bool IsValid => Payload.GetProperty("valid").GetBoolean();

    /// <summary>Refuses it, also a right one, and ends the user's sessions.</summary>
    public void Reject(string message) => Answer = new JsonObject { ["decision"] = "reject", ["message"] = message };
}

/// <summary>A mail is to be sent, by code of the host's in place of SMTP. An exception means: try again later.</summary>
public sealed class SendEmailContext : HookContext
{
    internal SendEmailContext(IServiceProvider services, JsonElement payload)
        : base(services, payload) { }

    /// <summary>The user as /auth/v1/user would answer it.</summary>
    public JsonElement User => Payload.GetProperty("user");

    /// <summary>The mailbox.</summary>
    public string To => Data("to");

    /// <summary>The one-time code.</summary>
    public string Token => Data("token");

    /// <summary>What /auth/v1/verify?token= takes in a link.</summary>
    public string TokenHash => Data("token_hash");

    /// <summary>Where the link leads in the end.</summary>
    public string RedirectTo => Data("redirect_to");

    /// <summary>signup, invite, magiclink, recovery, email_change, reauthentication …</summary>
    public string ActionType => Data("email_action_type");

    private string Data(string member) => Payload.GetProperty("email_data").GetProperty(member).GetString() ?? "";
}

/// <summary>A text message is to be sent. An exception means: try again later.</summary>
public sealed class SendSmsContext : HookContext
{
    internal SendSmsContext(IServiceProvider services, JsonElement payload)
        : base(services, payload) { }

    /// <summary>The user as /auth/v1/user would answer it.</summary>
    public JsonElement User => Payload.GetProperty("user");

    /// <summary>The number, E.164 without plus.</summary>
    public string Phone => Data("phone");

    /// <summary>The one-time code.</summary>
    public string Code => Data("otp");

    /// <summary>sms, phone_change, reauthentication, mfa …</summary>
    public string Type => Data("sms_type");

    private string Data(string member) => Payload.GetProperty("sms").GetProperty(member).GetString() ?? "";
}
