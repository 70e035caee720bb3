using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Tenon.Server.Hosting;

namespace Tenon.Server.Tests.Hosting;

/// <summary>Hooks of sign-in as code of the application that Tenon is part of.</summary>
public sealed class CodeHookTests
{
    private const string SignUpPath = "/api/auth/v1/signup";
    private const string SignInPath = "/api/auth/v1/token?grant_type=password";
    private const string Person = """{"email":"bea@example.test","password":"blue-giraffe-42"}""";

    private sealed class Directory : IDisposable
    {
        public static int Open;

        public Directory() => Interlocked.Increment(ref Open);

        public bool Knows(string email) => email == "bea@example.test";

        public void Dispose() => Interlocked.Decrement(ref Open);
    }

    private static Task<HostApp> StartAsync(Action<TenonBuilder> hooks, Action<TenonOptions>? configure = null) =>
        HostApp.StartAsync(configure, builder =>
        {
            builder.Services.AddScoped<Directory>();
            hooks(builder.AddTenon());
        });

    private static JsonElement Claims(string body) =>
        JsonElement.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(JsonElement.Parse(body).GetProperty("access_token").GetString()!.Split('.')[1]));

    [Fact]
    public async Task Code_decides_whether_a_user_is_created_with_services_of_the_host()
    {
        await using HostApp host = await StartAsync(tenon => tenon.BeforeUserCreated((hook, _) =>
        {
            if (!hook.Services.GetRequiredService<Directory>().Knows(hook.Email))
            {
                hook.Refuse("Only our own people");
            }
            return ValueTask.CompletedTask;
        }));
        var (status, body) = await host.SendAsync("POST", SignUpPath, json: Person.Replace("bea@", "eve@", StringComparison.Ordinal));
        Assert.Equal((403, "Only our own people"), (status, JsonElement.Parse(body).GetProperty("msg").GetString()));
        Assert.Equal(400, (await host.SendAsync("POST", SignInPath, json: Person.Replace("bea@", "eve@", StringComparison.Ordinal))).Status);
        Assert.Equal(200, (await host.SendAsync("POST", SignUpPath, json: Person)).Status);
        Assert.Equal(0, Directory.Open);
    }

    [Fact]
    public async Task Code_adds_claims_and_cannot_change_the_servers_own()
    {
        await using HostApp host = await StartAsync(tenon => tenon.CustomAccessToken((hook, _) =>
        {
            hook.Claims["plan"] = hook.AuthenticationMethod;
            hook.Claims["role"] = "service_role";
            hook.Claims["sub"] = HostApp.Alice;
            hook.Claims.Remove("exp");
            return ValueTask.CompletedTask;
        }));
        var (_, body) = await host.SendAsync("POST", SignUpPath, json: Person);
        JsonElement claims = Claims(body);
        Assert.Equal(("password", "authenticated"), (claims.GetProperty("plan").GetString(), claims.GetProperty("role").GetString()));
        Assert.NotEqual(HostApp.Alice, claims.GetProperty("sub").GetString());
        Assert.True(claims.TryGetProperty("exp", out _));
    }

    [Fact]
    public async Task Code_sees_every_compared_password_and_may_reject_it()
    {
        var seen = new ConcurrentQueue<bool>();
        await using HostApp host = await StartAsync(tenon => tenon.PasswordVerification((hook, _) =>
        {
            seen.Enqueue(hook.IsValid);
            if (seen.Count > 2)
            {
                hook.Reject("Too many", logoutUser: true);
            }
            return ValueTask.CompletedTask;
        }));
        var (_, body) = await host.SendAsync("POST", SignUpPath, json: Person);
        string token = JsonElement.Parse(body).GetProperty("access_token").GetString()!;
        Assert.Equal(200, (await host.SendAsync("POST", SignInPath, json: Person)).Status);
        Assert.Equal(400, (await host.SendAsync("POST", SignInPath, json: Person.Replace("42", "43", StringComparison.Ordinal))).Status);
        var (status, refused) = await host.SendAsync("POST", SignInPath, json: Person);
        Assert.Equal((400, "Too many"), (status, JsonElement.Parse(refused).GetProperty("msg").GetString()));
        Assert.Equal([true, false, true], seen);
        Assert.Equal(401, (await host.SendAsync("GET", "/api/rest/v1/notes", headers: h => h.Add("Authorization", "Bearer " + token))).Status);
    }

    [Fact]
    public async Task Code_sees_every_compared_second_factor_and_may_reject_it()
    {
        var seen = new ConcurrentQueue<string>();
        await using HostApp host = await StartAsync(tenon => tenon.FactorVerification((hook, _) =>
        {
            seen.Enqueue($"{hook.FactorType} {hook.FactorId} {hook.IsValid}");
            hook.Reject("Not today");
            return ValueTask.CompletedTask;
        }));
        var (_, body) = await host.SendAsync("POST", SignUpPath, json: Person);
        string token = JsonElement.Parse(body).GetProperty("access_token").GetString()!;
        void AsPerson(HttpRequestHeaders headers) => headers.Add("Authorization", "Bearer " + token);
        const string path = "/api/auth/v1/factors";
        string factor = Id((await host.SendAsync("POST", path, json: """{"factor_type":"totp"}""", headers: AsPerson)).Body);
        string challenge = Id((await host.SendAsync("POST", $"{path}/{factor}/challenge", json: "{}", headers: AsPerson)).Body);
        string wrong = $$"""{"challenge_id":"{{challenge}}","code":"abcdef"}""";
        var (status, refused) = await host.SendAsync("POST", $"{path}/{factor}/verify", json: wrong, headers: AsPerson);
        Assert.Equal((403, "Not today"), (status, JsonElement.Parse(refused).GetProperty("msg").GetString()));
        Assert.Equal([$"totp {factor} False"], seen);
        Assert.Equal(401, (await host.SendAsync("GET", "/api/rest/v1/notes", headers: AsPerson)).Status);
    }

    private static string Id(string body) => JsonElement.Parse(body).GetProperty("id").GetString()!;

    [Fact]
    public async Task Code_sends_mails_and_text_messages_and_is_asked_again_after_it_failed()
    {
        var mails = new ConcurrentQueue<(string To, string Type, string Token)>();
        var texts = new ConcurrentQueue<(string Phone, string Code)>();
        int fails = 1;
        await using HostApp host = await StartAsync(
            tenon => tenon
                .SendEmail((hook, _) =>
                {
                    mails.Enqueue((hook.To, hook.ActionType, hook.Token));
                    return Interlocked.Decrement(ref fails) >= 0 ? throw new InvalidOperationException("the mail house is shut") : ValueTask.CompletedTask;
                })
                .SendSms((hook, _) =>
                {
                    texts.Enqueue((hook.Phone, hook.Code));
                    return ValueTask.CompletedTask;
                }),
            options =>
            {
                options.Auth.Email.EnableConfirmations = true;
                options.Auth.Sms.EnableSignup = true;
            }
        );
        Assert.Equal(200, (await host.SendAsync("POST", SignUpPath, json: Person)).Status);
        Assert.Equal(200, (await host.SendAsync("POST", "/api/auth/v1/otp", json: """{"phone":"+4915112345678"}""")).Status);
        for (int i = 0; i < 1200 && (mails.Count < 2 || texts.IsEmpty); i++)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
        Assert.All(mails, mail => Assert.Equal(("bea@example.test", "signup"), (mail.To, mail.Type)));
        Assert.Equal(2, mails.Count);
        Assert.Single(mails.Select(m => m.Token).Distinct());
        Assert.Equal("4915112345678", Assert.Single(texts).Phone);
        Assert.Equal(200, (await host.SendAsync("POST", "/api/auth/v1/verify", json: $$"""{"type":"sms","phone":"+4915112345678","token":"{{texts.First().Code}}"}""")).Status);
    }

    [Fact]
    public async Task Code_that_fails_refuses_and_tells_nobody_why()
    {
        await using HostApp host = await StartAsync(tenon => tenon.BeforeUserCreated((_, _) => throw new InvalidOperationException("secret of the host")));
        var (status, body) = await host.SendAsync("POST", SignUpPath, json: Person);
        Assert.Equal(500, status);
        Assert.Contains("unexpected_failure", body, StringComparison.Ordinal);
        Assert.DoesNotContain("secret of the host", body, StringComparison.Ordinal);
        Assert.Equal(400, (await host.SendAsync("POST", SignInPath, json: Person)).Status);
    }

    [Fact]
    public async Task Code_that_does_not_end_refuses_after_its_limit_whether_it_waits_or_blocks()
    {
        using var release = new ManualResetEventSlim();
        bool blocks = false;
        await using HostApp host = await StartAsync(tenon => tenon.BeforeUserCreated(async (_, cancellation) =>
        {
            if (blocks)
            {
                release.Wait(TimeSpan.FromMinutes(2), CancellationToken.None);
            }
            await Task.Delay(Timeout.Infinite, cancellation);
        }));
        Task<(int Status, string Body)> waiting = host.SendAsync("POST", SignUpPath, json: Person);
        Assert.Equal(422, (await waiting).Status);
        Assert.Contains("hook_timeout", (await waiting).Body, StringComparison.Ordinal);
        blocks = true;
        Assert.Contains("hook_timeout", (await host.SendAsync("POST", SignUpPath, json: Person)).Body, StringComparison.Ordinal);
        release.Set();
    }

    [Fact]
    public async Task Code_runs_outside_the_write_unit_and_may_write_itself()
    {
        HttpClient? client = null;
        string secret = "";
        await using HostApp host = await StartAsync(tenon => tenon.CustomAccessToken(async (hook, cancellation) =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/rest/v1/notes") { Content = new StringContent("""{"title":"from the hook"}""", null, "application/json") };
            request.Headers.Add("apikey", secret);
            using HttpResponseMessage answer = await client!.SendAsync(request, cancellation);
            hook.Claims["wrote"] = (int)answer.StatusCode;
        }));
        client = host.Client;
        secret = JsonElement.Parse(await File.ReadAllTextAsync(Path.Combine(host.App.Environment.ContentRootPath, ".tenon", "keys.json"), TestContext.Current.CancellationToken)).GetProperty("secretKey").GetString()!;
        var (status, body) = await host.SendAsync("POST", SignUpPath, json: Person);
        Assert.Equal((200, 201), (status, Claims(body).GetProperty("wrote").GetInt32()));
    }

    [Fact]
    public async Task One_hook_set_twice_stops_the_start() =>
        Assert.Contains(
            "set twice",
            (await Assert.ThrowsAnyAsync<Exception>(async () => await StartAsync(tenon => tenon.SendSms((_, _) => default).SendSms((_, _) => default)))).ToString(),
            StringComparison.Ordinal
        );
}
