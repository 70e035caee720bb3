using Microsoft.AspNetCore.Http;

namespace Tenon.Server.Auth.SignIn;

/// <summary>
/// /verify. POST takes a code with its address, or a link's token, and answers a session. GET is what the links of mails
/// lead to: it goes on to the application with the session in the fragment, with a PKCE code, or with the error.
/// </summary>
internal sealed class Verify(Redemption redemption, Sessions sessions, Redirects redirects, AuthLimits limits)
{
    private const string HalfWay = "Confirmation link accepted. Please proceed to confirm link sent to the other email";
    private static readonly string[] EmailTypes = ["signup", "invite", "magiclink", "recovery", "email", "email_change"];
    private static readonly string[] PhoneTypes = ["sms", "phone_change"];

    public async Task PostAsync(HttpContext context)
    {
        await limits.TakeAsync(AuthLimit.Verification, context);
        Presented shown = Read(await AuthBody.ReadAsync(context));
        Redeemed redeemed = await redemption.RedeemAsync(context, shown, wantsFlow: false);
        if (redeemed.Refusal is { } refusal)
        {
            throw refusal.ToException();
        }
        if (redeemed.HalfWay)
        {
            await WriteHalfWayAsync(context);
            return;
        }
        await AuthResponse.WriteSessionAsync(context, await IssueAsync(context, redeemed));
    }

    public async Task GetAsync(HttpContext context)
    {
        string target = redirects.Of(context);
        string link = context.Request.Query["token"].ToString() is { Length: > 0 } token ? token : context.Request.Query["token_hash"].ToString();
        bool pkce = link.StartsWith(OneTime.OneTimeTokens.PkcePrefix, StringComparison.Ordinal);
        try
        {
            await limits.TakeAsync(AuthLimit.Verification, context);
            string type = RequireType(context.Request.Query["type"].ToString());
            if (link.Length == 0)
            {
                throw AuthErrors.ValidationFailed("Verify requires a token or a token hash").ToException();
            }
            Redeemed redeemed = await redemption.RedeemAsync(context, new Presented(type, link, null, null), wantsFlow: pkce);
            if (redeemed.Refusal is { } refusal)
            {
                throw refusal.ToException();
            }
            ReturnAddress.Go(context, StatusCodes.Status303SeeOther, await DestinationAsync(context, target, redeemed, type, pkce));
        }
        catch (AuthException e)
        {
            ReturnAddress.Go(context, StatusCodes.Status303SeeOther, WithError(target, e.Error, pkce));
        }
    }

    private static Presented Read(AuthBody body)
    {
        string type = RequireType(body.Text("type") ?? "");
        string? code = body.Text("token") is { Length: > 0 } token ? token : null;
        string? link = body.Text("token_hash") is { Length: > 0 } hash ? hash : null;
        string? email = body.Text("email") is { Length: > 0 } address ? address : null;
        string? phone = body.Text("phone") is { Length: > 0 } number ? number : null;
        string? wrong =
            code is null == link is null ? "Verify requires either a token or a token hash"
            : link is not null && (email ?? phone) is not null ? "Only the token_hash and type should be provided"
            : code is not null && email is null == phone is null ? "Only an email address or phone number should be provided on verify"
            : null;
        if (wrong is not null)
        {
            throw AuthErrors.ValidationFailed(wrong).ToException();
        }
        if (PhoneTypes.Contains(type) != (phone is not null))
        {
            throw AuthErrors.ValidationFailed(phone is not null ? "Invalid sms verification type" : "Invalid email verification type").ToException();
        }
        string? contact = email is not null ? EmailAddress.Require(email) : phone is not null ? PhoneNumber.Require(phone) : null;
        // Codes are typed by hand, some with a dash or a space.
        return new Presented(type, link, contact, code?.Replace("-", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal));
    }

    private static string RequireType(string type) =>
        EmailTypes.Contains(type) || PhoneTypes.Contains(type) ? type
        : type.Length == 0 ? throw AuthErrors.ValidationFailed("Verify requires a verification type").ToException()
        : throw AuthErrors.ValidationFailed("Invalid verification type").ToException();

    private Task<IssuedSession> IssueAsync(HttpContext context, Redeemed redeemed) =>
        sessions.IssueAsync(context, redeemed.User!.User, redeemed.User.Identities, redeemed.Session!.Session, redeemed.Session.Token.Text);

    private async Task<string> DestinationAsync(HttpContext context, string target, Redeemed redeemed, string type, bool pkce)
    {
        if (redeemed.HalfWay)
        {
            string message = ReturnAddress.Form(("message", HalfWay));
            return (pkce ? ReturnAddress.WithQuery(target, message) : target) + "#" + message;
        }
        if (redeemed.FlowCode is { } code)
        {
            return ReturnAddress.WithQuery(target, ReturnAddress.Form(("code", code.ToString("D"))));
        }
        return ReturnAddress.WithSession(target, await IssueAsync(context, redeemed), type);
    }

    private static string WithError(string target, AuthError error, bool pkce)
    {
        string parameters = ReturnAddress.Form(
            ("error", error.Status >= 500 ? "server_error" : "access_denied"),
            ("error_code", error.Code),
            ("error_description", error.Message)
        );
        return (pkce ? ReturnAddress.WithQuery(target, parameters) : target) + "#" + parameters;
    }

    private static Task WriteHalfWayAsync(HttpContext context) =>
        AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("msg", HalfWay);
                writer.WriteString("code", "200");
                writer.WriteEndObject();
            }
        );
}
