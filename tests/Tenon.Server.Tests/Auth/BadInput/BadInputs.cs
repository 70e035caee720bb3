using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Server.Auth;

namespace Tenon.Server.Tests.Auth.BadInput;

/// <summary>Who sends a request.</summary>
internal enum Sender
{
    Stranger,
    User,
    Admin,
}

/// <summary>A call with a body that is right, to be made wrong one member at a time.</summary>
internal sealed record Call(string Method, string Path, string Body, Sender By = Sender.Stranger)
{
    /// <summary>What the right body answers; proves that the wrong ones were refused for what is wrong with them.</summary>
    public int Good { get; init; } = 200;

    /// <summary>Members that may be of any type.</summary>
    public string[] Free { get; init; } = [];

    /// <summary>A missing member may be answered in the form of RFC 6749 §5.2, as GoTrue does for this grant.</summary>
    public bool MayBeOAuth { get; init; }

    public override string ToString() => $"{Method} {Path}";
}

/// <summary>What all families of calls must bear, asked of one call at a time.</summary>
internal static class BadInputs
{
    private const int TooLarge = (64 * 1024) + 1;

    // Everything sign-in keeps: after a refusal it is as it was.
    private const string Fingerprint = """
        select concat_ws('|',
            (select coalesce(md5(string_agg(t::text, ',' order by id)), '') from auth.users t),
            (select count(*) from auth.identities), (select count(*) from auth.sessions), (select count(*) from auth.refresh_tokens),
            (select count(*) from auth.one_time_tokens), (select count(*) from auth.outbox), (select count(*) from auth.flow_state),
            (select count(*) from auth.external_flows), (select count(*) from auth.mfa_factors), (select count(*) from auth.user_keys),
            (select count(*) from auth.api_keys), (select count(*) from auth.custom_providers), (select count(*) from auth.audit_log_entries),
            (select coalesce(md5(string_agg(t::text, ',' order by id)), '') from auth.signing_keys t))
        """;

    public static async Task<AuthHost> StartAsync()
    {
        AuthHost host = await AuthHost.StartAsync(o =>
        {
            o.RateLimit.TokenRefresh = 10_000;
            o.RateLimit.AnonymousUsers = 10_000;
            o.RateLimit.SignInSignUps = 10_000;
            o.RateLimit.TokenVerifications = 10_000;
        });
        await host.SignUpAsync("ann@b.test");
        return host;
    }

    public static Task<string> StateAsync(AuthHost host) => host.Store.ScalarAsync<string>(Fingerprint);

    public static async Task<Answer> SendAsync(AuthHost host, Call call, byte[] body, string? user)
    {
        using var request = new HttpRequestMessage(new HttpMethod(call.Method), call.Path);
        request.Headers.Add("apikey", call.By == Sender.Admin ? host.Keys.SecretKey : host.Keys.PublishableKey);
        if (call.By == Sender.User)
        {
            request.Headers.Add("Authorization", "Bearer " + user);
        }
        request.Content = new ByteArrayContent(body);
        request.Content.Headers.ContentType = new("application/json");
        HttpResponseMessage response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return new Answer(response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), response);
    }

    /// <summary>Sends what is wrong with a call, each by itself: refused in GoTrue's shape, and nothing has changed.</summary>
    public static async Task RefusesAsync(AuthHost host, Call call)
    {
        string? user = call.By == Sender.User ? (await host.SignInAsync("ann@b.test")).Text("access_token") : null;
        string before = await StateAsync(host);
        foreach ((string what, byte[] body) in Wrong(call))
        {
            Answer answer = await SendAsync(host, call, body, user);
            int status = (int)answer.Status;
            Assert.True(status is >= 400 and < 500 and not 401 and not 403 and not 404, $"{call} with {what}: {status} {answer.Body}");
            RequireShape(call, answer, what);
            Assert.True(await StateAsync(host) == before, $"{call} with {what} changed something");
        }
        // A body without a length, in pieces, is bounded too.
        Assert.Equal("413 validation_failed", (await SendInPiecesAsync(host, call, user)).Refusal);
        Assert.Equal(before, await StateAsync(host));
        Answer good = await SendAsync(host, call, Encoding.UTF8.GetBytes(call.Body), user);
        Assert.True((int)good.Status == call.Good, $"{call}: {(int)good.Status} {good.Body}");
    }

    private static void RequireShape(Call call, Answer answer, string what)
    {
        JsonElement json = answer.Json;
        if (call.MayBeOAuth && json.TryGetProperty("error", out JsonElement error))
        {
            Assert.Equal("invalid_request", error.GetString());
            Assert.False(string.IsNullOrEmpty(json.GetProperty("error_description").GetString()), what);
            return;
        }
        Assert.Equal((int)answer.Status, json.GetProperty("code").GetInt32());
        string code = json.GetProperty("error_code").GetString()!;
        Assert.Contains(code, AuthErrors.Codes);
        Assert.Equal(code, answer.Header("x-sb-error-code"));
        Assert.False(string.IsNullOrEmpty(json.GetProperty("msg").GetString()), what);
    }

    private static async Task<Answer> SendInPiecesAsync(AuthHost host, Call call, string? user)
    {
        int size = call.Path.EndsWith("/import", StringComparison.Ordinal) ? 5 * 1024 * 1024 : 2 * TooLarge;
        using var request = new HttpRequestMessage(new HttpMethod(call.Method), call.Path);
        request.Headers.Add("apikey", call.By == Sender.Admin ? host.Keys.SecretKey : host.Keys.PublishableKey);
        request.Headers.TransferEncodingChunked = true;
        if (call.By == Sender.User)
        {
            request.Headers.Add("Authorization", "Bearer " + user);
        }
        request.Content = new StreamContent(new MemoryStream(Encoding.ASCII.GetBytes("{\"x\":\"" + new string('x', size) + "\"}")));
        HttpResponseMessage response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return new Answer(response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), response);
    }

    private static IEnumerable<(string What, byte[] Body)> Wrong(Call call)
    {
        foreach (string text in new[] { "{", "[]", "7", "\"x\"", "null", "{\"a\":1,\"a\":2}", "{'a':1}", "{\"a\":1}}", "\uFEFF{", "{\"email\":\"\\ud800\"", new string('[', 40) + new string(']', 40) })
        {
            yield return ($"the body {text[..Math.Min(20, text.Length)]}", Encoding.UTF8.GetBytes(text));
        }
        yield return ("bytes that are no UTF-8", [(byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'1', (byte)'}']);
        JsonObject right = JsonNode.Parse(call.Body)!.AsObject();
        foreach ((string name, JsonNode? value) in right.ToArray().Where(member => !call.Free.Contains(member.Key)))
        {
            foreach (string wrong in Others(value!.GetValueKind()))
            {
                JsonObject changed = JsonNode.Parse(call.Body)!.AsObject();
                changed[name] = JsonNode.Parse(wrong);
                yield return ($"{name} = {wrong}", Encoding.UTF8.GetBytes(changed.ToJsonString()));
            }
            if (value.GetValueKind() == JsonValueKind.String)
            {
                string escaped = JsonSerializer.Serialize(value.GetValue<string>())[..^1];
                yield return ($"{name} with half a surrogate", Replaced(call.Body, name, escaped + "\\ud800\""));
                yield return ($"{name} with NUL", Replaced(call.Body, name, escaped + "\\u0000\""));
            }
        }
        if (!call.Path.EndsWith("/import", StringComparison.Ordinal))
        {
            JsonObject large = JsonNode.Parse(call.Body)!.AsObject();
            large["filler"] = new string('x', TooLarge);
            yield return ("64 KiB and one byte", Encoding.UTF8.GetBytes(large.ToJsonString()));
        }
    }

    private static byte[] Replaced(string body, string name, string rawValue)
    {
        JsonObject changed = JsonNode.Parse(body)!.AsObject();
        changed[name] = "@@@";
        return Encoding.UTF8.GetBytes(changed.ToJsonString().Replace("\"@@@\"", rawValue, StringComparison.Ordinal));
    }

    private static string[] Others(JsonValueKind kind) =>
        kind switch
        {
            JsonValueKind.String => ["7", "true", "[]", "{}"],
            JsonValueKind.True or JsonValueKind.False => ["\"true\"", "1", "[]", "{}"],
            JsonValueKind.Object => ["\"x\"", "7", "[]", "true"],
            JsonValueKind.Array => ["\"x\"", "7", "{}", "true"],
            _ => ["\"x\"", "true", "[]", "{}"],
        };
}
