using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tenon.Server.Auth.Hooks;

namespace Tenon.Server.Auth.SignIn;

/// <summary>
/// Asks hCaptcha or Turnstile whether a person solved the puzzle that a request's gotrue_meta_security.captcha_token is of,
/// on the calls where GoTrue asks. It stands behind the rate limits, so that strangers cannot make the server call without
/// end, and before any work. Whoever holds the service key is not asked. No answer means no.
/// </summary>
internal sealed partial class Captcha(SafeHttp http, CallerResolver resolver, TrustedProxies proxies, AuthOptions options, ILogger<Captcha> logger)
{
    // Turnstile's tokens have at most 2,048 characters, hCaptcha's are longer.
    private const int LongestToken = 8 * 1024;
    private const string NoToken = "no captcha_token found";

    private static readonly Dictionary<string, Uri> Providers = new(StringComparer.Ordinal)
    {
        ["hcaptcha"] = new Uri("https://api.hcaptcha.com/siteverify"),
        ["turnstile"] = new Uri("https://challenges.cloudflare.com/turnstile/v0/siteverify"),
    };

    /// <summary>Shown: the identity provider's own pages ask for passwords, and for the puzzle before.</summary>
    public static void Validate(AuthCaptchaOptions captcha, bool shown)
    {
        if (captcha.Enabled && !Providers.ContainsKey(captcha.Provider))
        {
            throw new InvalidOperationException($"[auth.captcha] provider is {string.Join(" or ", Providers.Keys)}");
        }
        if (captcha.Enabled && captcha.Secret.Trim().Length == 0)
        {
            throw new InvalidOperationException("[auth.captcha] needs secret, the one of the provider for this site");
        }
        if (captcha.Enabled && shown && captcha.SiteKey.Length == 0)
        {
            throw new InvalidOperationException("[auth.captcha] needs site_key beside [auth.oauth_server] enabled = true, or its pages could not show the puzzle");
        }
    }

    public Task RequireAsync(HttpContext context, AuthBody body) => RequireAsync(context, options.Captcha.Enabled ? TokenOf(body) : "");

    /// <summary>The same of a form, in which the provider's puzzle leaves its token by a name of its own.</summary>
    public Task RequireAsync(HttpContext context, IFormCollection form) =>
        RequireAsync(context, form[options.Captcha.Provider == "turnstile" ? "cf-turnstile-response" : "h-captcha-response"].ToString().Trim());

    private async Task RequireAsync(HttpContext context, string token)
    {
        if (!options.Captcha.Enabled || await IsServiceAsync(context))
        {
            return;
        }
        if (token.Length is 0 or > LongestToken)
        {
            throw AuthErrors.CaptchaFailed(NoToken).ToException();
        }
        if (await AskAsync(token, context) is { } refused)
        {
            throw AuthErrors.CaptchaFailed(refused).ToException();
        }
    }

    private static string TokenOf(AuthBody body) =>
        body.Object("gotrue_meta_security") is { } security && security.TryGetProperty("captcha_token", out JsonElement token) && token.ValueKind == JsonValueKind.String
            ? AuthBody.Of(security).Text("captcha_token")!.Trim()
            : "";

    private async ValueTask<bool> IsServiceAsync(HttpContext context)
    {
        Resolution resolution = await resolver.ResolveAsync(context.Request, context.RequestAborted);
        return resolution.TryGet(out Caller? caller, out _) && caller.BypassesPolicies;
    }

    /// <summary>Null: solved. Else the provider's words for why not.</summary>
    private async Task<string?> AskAsync(string token, HttpContext context)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, options.Captcha.VerifyUri ?? Providers[options.Captcha.Provider]);
        request.Content = new FormUrlEncodedContent(
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["secret"] = options.Captcha.Secret.Trim(),
                ["response"] = token,
                ["remoteip"] = proxies.ClientOf(context)?.ToString() ?? "",
            }
        );
        try
        {
            CallAnswer answer = await http.SendAsync(request, context.RequestAborted);
            JsonElement said = JsonElement.Parse(answer.Body);
            return said.TryGetProperty("success", out JsonElement success) && success.ValueKind == JsonValueKind.True ? null : Reasons(said);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or InvalidOperationException || (e is OperationCanceledException && !context.RequestAborted.IsCancellationRequested))
        {
            AuthEvents.CaptchaUnreachable(logger, e, options.Captcha.Provider);
            throw AuthErrors.CaptchaUnavailable.ToException();
        }
    }

    // Words of another server: only what looks like its codes is told on.
    private static string Reasons(JsonElement said)
    {
        string codes =
            said.TryGetProperty("error-codes", out JsonElement list) && list.ValueKind == JsonValueKind.Array
                ? string.Join(", ", list.EnumerateArray().Take(5).Where(one => one.ValueKind == JsonValueKind.String && Code().IsMatch(one.GetString()!)).Select(one => one.GetString()))
                : "";
        return codes.Length > 0 ? codes : "not solved";
    }

    [GeneratedRegex(@"\A[a-z0-9-]{1,64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Code();
}
