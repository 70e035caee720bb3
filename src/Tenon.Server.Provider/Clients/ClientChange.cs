using System.Collections.Immutable;
using System.Net;
using Tenon.Server.Auth;
using Tenon.Server.Provider.Stores;

namespace Tenon.Server.Provider.Clients;

/// <summary>What a registration or a change says of a client (RFC 7591 §2), judged; null: nothing.</summary>
internal sealed record ClientChange
{
    private const int LongestName = 1024;
    private const int LongestUri = 2048;
    private const int MostUris = 10;

    private static readonly string[] Methods = ["none", "client_secret_basic", "client_secret_post"];
    private static readonly string[] Grants = ["authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code"];

    // Whoever may register by themselves acts for users alone.
    private static readonly string[] DynamicGrants = ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"];

    public string? Name { get; init; }
    public string? Uri { get; init; }
    public string? LogoUri { get; init; }
    public ImmutableArray<string>? RedirectUris { get; init; }
    public ImmutableArray<string>? PostLogoutRedirectUris { get; init; }
    public ImmutableArray<string>? GrantTypes { get; init; }
    public string? AuthMethod { get; init; }
    public string? Scope { get; init; }

    private bool IsEmpty => this == new ClientChange();

    public static ClientChange ForNew(AuthBody body, KnownScopes scopes, bool dynamic)
    {
        ClientChange read = Read(body, scopes, dynamic ? DynamicGrants : Grants);
        read = read with { AuthMethod = MethodOf(body.Text("client_type"), read.AuthMethod) };
        ImmutableArray<string> grants = read.GrantTypes ?? ["authorization_code", "refresh_token"];
        Require(!grants.Contains("authorization_code") || read.RedirectUris is { IsEmpty: false }, "\"redirect_uris\" is required");
        Require(grants.Any(grant => grant != "refresh_token"), "\"grant_types\" must name a grant besides refresh_token");
        Require(read.AuthMethod != "none" || !grants.Contains("client_credentials"), "\"grant_types\": a public client cannot have client_credentials");
        return read;
    }

    public static ClientChange Of(AuthBody body, OAuthClient old, KnownScopes scopes)
    {
        ClientChange read = Read(body, scopes, Grants);
        Require(!read.IsEmpty, "No fields provided for update");
        Require(read.AuthMethod is null || (read.AuthMethod == "none") == old.IsPublic, "\"token_endpoint_auth_method\": a client stays public or confidential");
        Require(read.GrantTypes is not { } grants || !old.IsPublic || !grants.Contains("client_credentials"), "\"grant_types\": a public client cannot have client_credentials");
        bool signsIn = (read.GrantTypes ?? old.GrantTypes).Contains("authorization_code");
        Require(!signsIn || !(read.RedirectUris ?? old.RedirectUris).IsEmpty, "\"redirect_uris\" cannot be empty");
        return read;
    }

    private static ClientChange Read(AuthBody body, KnownScopes scopes, string[] grants)
    {
        Words(body, "response_types", ["code"]);
        return new ClientChange
        {
            Name = NameOf(body),
            Uri = Web(body, "client_uri"),
            LogoUri = Web(body, "logo_uri"),
            RedirectUris = Uris(body, "redirect_uris"),
            PostLogoutRedirectUris = Uris(body, "post_logout_redirect_uris"),
            GrantTypes = Words(body, "grant_types", grants),
            AuthMethod = body.Text("token_endpoint_auth_method") is { } method ? OneOf("token_endpoint_auth_method", method, Methods) : null,
            Scope = ScopeOf(body, scopes),
        };
    }

    private static string? NameOf(AuthBody body)
    {
        string? name = body.Text("client_name");
        Require(name is null || (name.Length <= LongestName && !name.Any(char.IsControl)), $"\"client_name\" is one line of at most {LongestName} characters");
        return name;
    }

    private static string MethodOf(string? type, string? method)
    {
        Require(type is null or OAuthClient.Public or OAuthClient.Confidential, "\"client_type\" must be public or confidential");
        method ??= type == OAuthClient.Public ? "none" : "client_secret_basic";
        Require(type is null || (type == OAuthClient.Public) == (method == "none"), "\"client_type\" and \"token_endpoint_auth_method\" contradict each other");
        return method;
    }

    private static string? Web(AuthBody body, string name)
    {
        string? text = body.Text(name);
        Require(
            text is null || (text.Length <= LongestUri && System.Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is "https" or "http"),
            $"\"{name}\" must be an address of the web"
        );
        return text;
    }

    private static ImmutableArray<string>? Uris(AuthBody body, string name)
    {
        ImmutableArray<string>? uris = body.Texts(name);
        Require(uris is not { Length: > MostUris }, $"\"{name}\" cannot exceed {MostUris} items");
        foreach (string uri in uris ?? [])
        {
            string? reason = WhyRefused(uri);
            Require(reason is null, $"\"{name}\": {(uri.Length > 100 ? uri[..100] : uri)}: {reason}");
        }
        return uris;
    }

    /// <summary>Where codes may be sent: by TLS, to a program on the user's own machine, or to an app by its own scheme (RFC 8252 §7).</summary>
    private static string? WhyRefused(string text)
    {
        if (text.Length is 0 or > LongestUri || text.Any(c => char.IsControl(c) || c is ' ' or '\\' or '*') || !System.Uri.TryCreate(text, UriKind.Absolute, out Uri? uri))
        {
            return "not an absolute address";
        }
        if (text.Contains('#') || uri.UserInfo.Length > 0)
        {
            return "a fragment or a user name has no place in it";
        }
        return uri.Scheme switch
        {
            "https" => uri.Host.Length > 0 ? null : "not an absolute address",
            "http" => uri.Host == "localhost" || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out IPAddress? ip) && IPAddress.IsLoopback(ip))
                ? null
                : "http is for loopback addresses only",
            var scheme when scheme.Contains('.') => null,
            _ => "the scheme must be https, http for a loopback address, or an app's own with a dot in it, such as com.example.app",
        };
    }

    private static ImmutableArray<string>? Words(AuthBody body, string name, string[] known)
    {
        ImmutableArray<string>? words = body.Texts(name);
        Require(words is not { IsEmpty: true }, $"\"{name}\" cannot be empty");
        foreach (string word in words ?? [])
        {
            OneOf(name, word, known);
        }
        return words is { } all ? [.. all.Distinct()] : null;
    }

    private static string OneOf(string name, string word, string[] known)
    {
        Require(known.Contains(word), $"\"{name}\" may hold {string.Join(", ", known)}");
        return word;
    }

    private static string? ScopeOf(AuthBody body, KnownScopes scopes)
    {
        if (body.Text("scope") is not { } text)
        {
            return null;
        }
        string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string? unknown = Array.Find(words, word => scopes.Find(word) is null);
        Require(unknown is null, $"\"scope\": there is no scope {unknown}");
        return words.Length == 0 ? null : string.Join(' ', words.Distinct());
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw AuthErrors.ValidationFailed(otherwise).ToException();
        }
    }
}
