using System.Net;
using System.Text.RegularExpressions;
using System.Web;
using Tenon.Server.Tests.Auth;

namespace Tenon.Server.Tests.Provider;

/// <summary>A browser without script: keeps cookies, follows addresses of the provider, fills in forms.</summary>
internal sealed partial class Visitor(ProviderHost host)
{
    private readonly Dictionary<string, string> cookies = [];

    public bool HasCookie(string name) => cookies.ContainsKey(name);

    public static string AuthorizeUrl(TestClient client, params (string Name, string? Value)[] more)
    {
        var parameters = new Dictionary<string, string?>
        {
            ["client_id"] = client.Id,
            ["redirect_uri"] = client.RedirectUri,
            ["response_type"] = "code",
            ["scope"] = "openid profile email",
            ["state"] = "the-state",
            ["code_challenge"] = ProviderHost.Challenge(),
            ["code_challenge_method"] = "S256",
        };
        foreach ((string name, string? value) in more)
        {
            parameters[name] = value;
        }
        return "/auth/v1/oauth/authorize?" + Form(parameters.Where(p => p.Value is not null).Select(p => (p.Key, p.Value!)));
    }

    private static string Form(IEnumerable<(string Name, string Value)> fields) =>
        string.Join('&', fields.Select(f => $"{Uri.EscapeDataString(f.Name)}={Uri.EscapeDataString(f.Value)}"));

    /// <summary>One request; cookies are sent and kept.</summary>
    public async Task<Answer> SendAsync(string method, string address, IEnumerable<(string, string)>? form = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), Own().Replace(address, ""));
        if (cookies.Count > 0)
        {
            request.Headers.Add("Cookie", string.Join("; ", cookies.Select(c => $"{c.Key}={c.Value}")));
        }
        if (form is not null)
        {
            request.Content = new FormUrlEncodedContent(form.Select(f => KeyValuePair.Create(f.Item1, f.Item2)));
        }
        Answer answer = await host.SendAsync(request);
        if (answer.Message.Headers.TryGetValues("Set-Cookie", out IEnumerable<string>? set))
        {
            foreach (string[] pair in set.Select(cookie => cookie.Split(';')[0].Split('=', 2)))
            {
                if (pair[1].Length == 0)
                {
                    cookies.Remove(pair[0]);
                }
                else
                {
                    cookies[pair[0]] = pair[1];
                }
            }
        }
        return answer;
    }

    /// <summary>Goes on while the provider sends to itself; ends at a page, or at an address of somebody else's.</summary>
    public async Task<Answer> GoAsync(string address, string method = "GET", IEnumerable<(string, string)>? form = null)
    {
        Answer answer = await SendAsync(method, address, form);
        for (int hops = 0; hops < 10 && answer.Header("Location") is { } next && (Own().IsMatch(next) || next[0] == '/'); hops++)
        {
            answer = await SendAsync("GET", next);
        }
        return answer;
    }

    public Task<Answer> AuthorizeAsync(TestClient client, params (string Name, string? Value)[] more) => GoAsync(AuthorizeUrl(client, more));

    /// <summary>Sends the first form of a page whose action ends so, with what a person types.</summary>
    public Task<Answer> SubmitAsync(Answer page, string action, params (string Name, string Value)[] typed)
    {
        Match form = Forms().Matches(page.Body).FirstOrDefault(m => WebUtility.HtmlDecode(m.Groups[1].Value).EndsWith(action, StringComparison.Ordinal))
            ?? throw new InvalidOperationException($"no form leads to {action}: {(int)page.Status} {page.Body}");
        var fields = HiddenOf(form.Groups[2].Value).Where(field => typed.All(one => one.Name != field.Item1));
        return GoAsync(WebUtility.HtmlDecode(form.Groups[1].Value), "POST", fields.Concat(typed));
    }

    /// <summary>What a form sends besides what a person types.</summary>
    public static IEnumerable<(string, string)> HiddenOf(string html) =>
        Hidden().Matches(html).Select(m => (WebUtility.HtmlDecode(m.Groups[1].Value), WebUtility.HtmlDecode(m.Groups[2].Value)));

    public Task<Answer> SignInAsync(Answer page, string email, string password = ProviderHost.Password) =>
        SubmitAsync(page, "/sign-in", ("email", email), ("password", password));

    /// <summary>Signs in and allows; where the client's address was called with.</summary>
    public async Task<Answer> ThroughAsync(TestClient client, string email, params (string Name, string? Value)[] more)
    {
        Answer consent = await SignInAsync(await AuthorizeAsync(client, more), email);
        return consent.Header("Location") is null ? await SubmitAsync(consent, "/consent", ("action", "approve")) : consent;
    }

    public async Task<string> CodeAsync(TestClient client, string email, params (string Name, string? Value)[] more) =>
        Parameter(await ThroughAsync(client, email, more), "code") ?? throw new InvalidOperationException("no code");

    /// <summary>A parameter of the address the browser was sent to.</summary>
    public static string? Parameter(Answer answer, string name) =>
        answer.Header("Location") is { } target ? HttpUtility.ParseQueryString(new Uri(target).Query)[name] : throw new InvalidOperationException($"no redirect: {(int)answer.Status} {answer.Body}");

    // Where the provider says it is, by either name of this machine; the tests' server listens elsewhere.
    [GeneratedRegex("^http://(127\\.0\\.0\\.1|localhost):54321(?=/)")]
    private static partial Regex Own();

    [GeneratedRegex("""<form method="post" action="([^"]*)"[^>]*>(.*?)</form>""", RegexOptions.Singleline)]
    private static partial Regex Forms();

    [GeneratedRegex("""<input type="hidden" name="([^"]*)" value="([^"]*)">""")]
    private static partial Regex Hidden();
}
