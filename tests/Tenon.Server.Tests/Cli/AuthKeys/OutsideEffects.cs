using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.IdentityModel.JsonWebTokens;
using Tenon.Server.Tests.Auth.OAuth;

namespace Tenon.Server.Tests.Cli.AuthKeys;

/// <summary>Keys of external providers and of issuers whose tokens are taken.</summary>
internal static class OutsideEffects
{
    private static readonly HttpClient Browser = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });

    /// <summary>Where a sign-in by a provider begins.</summary>
    private static async Task<Uri> BeginAsync(Site site, string provider) =>
        new((await site.SendAsync("GET", $"/authorize?provider={provider}&code_challenge={ExternalVisit.Challenge}&code_challenge_method=s256")).Location);

    private static async Task<string> AskedAsync(Site site, string parameter) => QueryHelpers.ParseQuery((await BeginAsync(site, "acme")).Query)[parameter].ToString();

    /// <summary>The whole way; the session's user, or why there is none.</summary>
    private static async Task<Told> SignInAsync(Site site, string provider)
    {
        using HttpResponseMessage asked = await Browser.GetAsync(await BeginAsync(site, provider), TestContext.Current.CancellationToken);
        string callback = asked.Headers.Location!.PathAndQuery["/auth/v1".Length..];
        Uri end = new((await site.SendAsync("GET", callback)).Location);
        string code = QueryHelpers.ParseQuery(end.Query).TryGetValue("code", out Microsoft.Extensions.Primitives.StringValues value) ? value.ToString() : "";
        return code.Length == 0 ? new Told(ExternalVisit.Refusal(end), "", end.OriginalString) : await site.PostAsync("/token?grant_type=pkce", new { auth_code = code, code_verifier = ExternalVisit.Verifier });
    }

    private static async Task<string> NameAsync(Site site, string provider) => (await SignInAsync(site, provider)).Json.GetProperty("user").GetProperty("user_metadata").GetProperty("full_name").GetString()!;

    private static string Which(Site site, Func<TestIssuer, bool> has) => has(site.Outside.IssuerA) ? "A" : has(site.Outside.IssuerB) ? "B" : "none";

    /// <summary>The client secret as Apple gets it: made of the three keys.</summary>
    private static async Task<JsonWebToken> AppleSecretAsync(Site site)
    {
        site.Outside.IssuerA.Exchanges.Clear();
        site.Outside.IssuerB.Exchanges.Clear();
        await SignInAsync(site, "apple");
        return new JsonWebToken(site.Outside.IssuerA.Exchanges.Concat(site.Outside.IssuerB.Exchanges).Single()["client_secret"]);
    }

    /// <summary>The issuer that gets a code of the provider that is described by its addresses.</summary>
    private static async Task<string> ExchangedAsync(Site site)
    {
        site.Outside.IssuerA.Exchanges.Clear();
        site.Outside.IssuerB.Exchanges.Clear();
        await SignInAsync(site, "plain");
        return Which(site, issuer => !issuer.Exchanges.IsEmpty);
    }

    private static async Task<string> SecretAsync(Site site)
    {
        site.Outside.IssuerA.Exchanges.Clear();
        site.Outside.IssuerB.Exchanges.Clear();
        await SignInAsync(site, "acme");
        Dictionary<string, string> exchange = site.Outside.IssuerA.Exchanges.Concat(site.Outside.IssuerB.Exchanges).Single();
        return Encoding.ASCII.GetString(Convert.FromBase64String(exchange["authorization"]["Basic ".Length..])).Split(':')[1];
    }

    /// <summary>An ID token with a nonce, given without it.</summary>
    private static async Task<string> WithoutNonceAsync(Site site)
    {
        TestIssuer issuer = site.Config.Text("auth.external.acme.url") == site.Outside.IssuerA.Url ? site.Outside.IssuerA : site.Outside.IssuerB;
        string token = issuer.IdToken(site.Config.Text("auth.external.acme.client_id"), nonce: "the-nonce");
        return (await site.PostAsync("/token?grant_type=id_token", new { provider = "acme", id_token = token })).Status;
    }

    private static async Task<string> WithoutAddressAsync(Site site)
    {
        TestIssuer[] both = [site.Outside.IssuerA, site.Outside.IssuerB];
        object[] addresses = [.. both.Select(issuer => issuer.Person["email"])];
        Array.ForEach(both, issuer => (issuer.Person["sub"], _) = ("nobody's-address", issuer.Person.Remove("email")));
        string status = (await SignInAsync(site, "acme")).Status;
        Array.ForEach(both, issuer => (issuer.Person["sub"], issuer.Person["email"]) = ("person-1", addresses[Array.IndexOf(both, issuer)]));
        return status;
    }

    /// <summary>Who somebody is by a token of the first issuer with these claims.</summary>
    private static async Task<string> WhoAsync(Site site, TestIssuer issuer, params (string Name, object? Value)[] claims)
    {
        foreach ((string name, object? value) in claims)
        {
            issuer.Wrong[name] = value;
        }
        string token = issuer.IdToken("none", nonce: null);
        issuer.Wrong.Clear();
        Told told = await site.SendAsync("GET", "/rest/v1/rpc/whoami", token: token);
        return told.Status == "200" ? told.Body.Trim('"') : told.Status[..3];
    }

    private static readonly string[] BothAudiences = ["api-a", "api-b"];

    private static async Task<string> AudienceAsync(Site site)
    {
        string[] seen = [await WhoAsync(site, site.Outside.IssuerA, ("aud", "api-a")), await WhoAsync(site, site.Outside.IssuerB, ("aud", "api-a"))];
        return seen.Contains("authenticated") ? "taken" : "refused";
    }

    private static async Task<string> GroupAsync(Site site, string group, string role)
    {
        TestIssuer issuer = site.Config.Text("auth.third_party.entra.issuer") == site.Outside.IssuerA.Url ? site.Outside.IssuerA : site.Outside.IssuerB;
        return await WhoAsync(site, issuer, ("aud", BothAudiences), ("groups", new[] { group }), ("role", role));
    }

    private static Effect Of(string key, string without, string with, Func<Site, Task<string>> probe) => new(key, without, with, probe) { In = "outside a", Beside = "outside b" };

    public static readonly Effect[] All =
    [
        new("external.*.enabled", "False", "True", async site => (await site.SendAsync("GET", "/settings")).Json.GetProperty("external").GetProperty("apple").ToString()) { In = "outside a" },
        Of("external.*.client_id", "client-b", "client-a", site => AskedAsync(site, "client_id")),
        Of("external.*.secret", "secret-b", "secret-a", SecretAsync),
        Of("external.*.url", "B", "A", async site => await BeginAsync(site, "acme") is var uri ? Which(site, issuer => uri.OriginalString.StartsWith(issuer.Url, StringComparison.Ordinal)) : ""),
        Of("external.*.redirect_uri", Site.Address + "/auth/v1/callback", "https://api-a.example/auth/v1/callback", site => AskedAsync(site, "redirect_uri")),
        Of("external.*.scopes", "openid email profile", "openid email profile calendar", site => AskedAsync(site, "scope")),
        Of("external.*.skip_nonce_check", "400", "200", WithoutNonceAsync),
        Of("external.*.email_optional", "302 provider_email_needs_verification", "200", WithoutAddressAsync),
        Of("external.*.authorization_url", "B", "A", async site => await BeginAsync(site, "plain") is var uri ? Which(site, issuer => uri.OriginalString.StartsWith(issuer.Url, StringComparison.Ordinal)) : ""),
        Of("external.*.token_url", "B", "A", ExchangedAsync),
        Of("external.*.userinfo_url", "Bea", "Ann", site => NameAsync(site, "plain")),
        Of("external.*.team_id", "team-b", "team-a", async site => (await AppleSecretAsync(site)).Issuer),
        Of("external.*.key_id", "key-b", "key-a", async site => (await AppleSecretAsync(site)).Kid),
        Of("external.*.private_key", "APPLE_B", "APPLE_A", async site => await Outside.AppleKeyOfAsync(await AppleSecretAsync(site))),
        new("third_party.*.enabled", "401", "authenticated", site => WhoAsync(site, site.Outside.IssuerA, ("aud", "api-a"))) { In = "outside a" },
        Of("third_party.*.issuer", "401", "authenticated", site => WhoAsync(site, site.Outside.IssuerA, ("aud", BothAudiences))),
        Of("third_party.*.audience", "refused", "taken", AudienceAsync),
        Of("third_party.*.role_claim", "authenticated", "editor", site => GroupAsync(site, "staff", "authenticated")),
        Of("third_party.*.roles", "editor", "authenticated", site => GroupAsync(site, "editor", "editor")),
    ];
}
