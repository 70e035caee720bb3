using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Server.Auth;
using Tenon.Server.Auth.Hooks;
using Tenon.Server.Hosting;

namespace Tenon.Server.Tests.Auth;

/// <summary>The app's say in sign-in, as SQL function and as signed call.</summary>
public sealed class HookTests
{
    private static AuthHookOptions Function(string name) => new() { Enabled = true, Uri = $"pg-functions://postgres/public/{name}" };

    private static JsonElement Claims(string token) => JsonElement.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(token.Split('.')[1]));

    [Fact]
    public async Task A_signed_call_decides_whether_a_user_is_created()
    {
        await using HookEndpoint endpoint = await HookEndpoint.StartAsync();
        await using AuthHost host = await AuthHost.StartAsync(options => options.Hooks[HookName.BeforeUserCreated] = endpoint.Hook);
        endpoint.Answers(200, """{"error":{"http_code":403,"message":"Only our own people"}}""");
        Answer refused = await host.SignUpAsync("a@b.test");
        Assert.Equal("403 unknown", refused.Refusal);
        Assert.Equal("Only our own people", refused.Text("msg"));
        Assert.Equal("403 unknown", (await host.PostAsync("/auth/v1/otp", """{"email":"a@b.test"}""")).Refusal);
        Assert.Equal("403 unknown", (await host.AdminAsync("POST", "/auth/v1/invite", """{"email":"a@b.test"}""")).Refusal);
        Assert.Equal(0L, await host.Store.ScalarAsync<long>("select count(*) from auth.users"));
        endpoint.Answers(400, """{"error":{"http_code":400,"message":"No"}}""");
        Assert.Equal("400 unknown", (await host.SignUpAsync("a@b.test")).Refusal);
        endpoint.Answers(204, "");
        Assert.Equal(HttpStatusCode.OK, (await host.SignUpAsync("a@b.test")).Status);
        // Who exists already signs in without being asked about.
        endpoint.Answers(200, """{"error":{"http_code":403,"message":"closed"}}""");
        Assert.Equal(HttpStatusCode.OK, (await host.PostAsync("/auth/v1/otp", """{"email":"a@b.test"}""")).Status);

        (string body, IHeaderDictionary headers) = endpoint.Calls[0];
        JsonElement payload = JsonElement.Parse(body);
        Assert.Equal("before-user-created", payload.GetProperty("metadata").GetProperty("name").GetString());
        Assert.Equal("127.0.0.1", payload.GetProperty("metadata").GetProperty("ip_address").GetString());
        Assert.Equal("a@b.test", payload.GetProperty("user").GetProperty("email").GetString());
        Assert.DoesNotContain("giraffe", body, StringComparison.Ordinal);
        Assert.DoesNotContain("argon2", body, StringComparison.Ordinal);
        byte[] mac = HMACSHA256.HashData(HookEndpoint.Secret, Encoding.UTF8.GetBytes($"{headers["webhook-id"]}.{headers["webhook-timestamp"]}.{body}"));
        Assert.Equal("v1," + Convert.ToBase64String(mac), headers["webhook-signature"].ToString());
    }

    [Fact]
    public async Task A_hook_that_cannot_be_asked_refuses()
    {
        HookEndpoint endpoint = await HookEndpoint.StartAsync();
        await using AuthHost host = await AuthHost.StartAsync(options => options.Hooks[HookName.BeforeUserCreated] = endpoint.Hook);
        endpoint.Answers(200, "not json");
        Assert.Equal("500 unexpected_failure", (await host.SignUpAsync("a@b.test")).Refusal);
        endpoint.Answers(200, "[1]");
        Assert.Equal("500 unexpected_failure", (await host.SignUpAsync("a@b.test")).Refusal);
        endpoint.Answers(503, "");
        Assert.Equal("500 unexpected_failure", (await host.SignUpAsync("a@b.test")).Refusal);
        endpoint.Answer = context =>
        {
            context.Response.Redirect("http://127.0.0.1:1/elsewhere");
            return Task.CompletedTask;
        };
        Assert.Equal("500 unexpected_failure", (await host.SignUpAsync("a@b.test")).Refusal);
        endpoint.Answers(200, new string(' ', 300 * 1024));
        Assert.Equal("422 hook_payload_over_size_limit", (await host.SignUpAsync("a@b.test")).Refusal);
        endpoint.Answer = context => Task.Delay(TimeSpan.FromSeconds(20), context.RequestAborted);
        Assert.Equal("422 hook_timeout", (await host.SignUpAsync("a@b.test")).Refusal);
        await endpoint.DisposeAsync();
        Assert.Equal("422 hook_timeout_after_retry", (await host.SignUpAsync("a@b.test")).Refusal);
        Assert.Equal(0L, await host.Store.ScalarAsync<long>("select count(*) from auth.users"));
    }

    [Fact]
    public async Task A_function_adds_claims_and_cannot_change_whom_a_token_is_for()
    {
        await using AuthHost host = await AuthHost.StartAsync(options => options.Hooks[HookName.CustomAccessToken] = Function("claims"));
        await host.Store.RunAsync(
            """
            create function public.claims(event jsonb) returns jsonb language sql stable as $$
                select jsonb_build_object('claims', (event->'claims') || jsonb_build_object('team', 'blue',
                    'role', 'service_role', 'sub', '00000000-0000-0000-0000-000000000000', 'exp', 9999999999,
                    'via', event->>'authentication_method'))
            $$
            """
        );
        Answer signUp = await host.SignUpAsync("a@b.test");
        JsonElement claims = Claims(signUp.Text("access_token"));
        Assert.Equal("blue", claims.GetProperty("team").GetString());
        Assert.Equal("password", claims.GetProperty("via").GetString());
        Assert.Equal("authenticated", claims.GetProperty("role").GetString());
        Assert.Equal(signUp.Json.GetProperty("user").GetProperty("id").GetString(), claims.GetProperty("sub").GetString());
        Assert.True(claims.GetProperty("exp").GetInt64() < 9999999999);
        Assert.Equal("authenticated", (await host.MeAsync(signUp.Text("access_token"))).Text("role"));
        Assert.Equal("blue", Claims((await host.RefreshAsync(signUp.Text("refresh_token"))).Text("access_token")).GetProperty("team").GetString());
        await host.Store.RunAsync("create or replace function public.claims(event jsonb) returns jsonb language sql stable as $$ select '{}'::jsonb $$");
        Assert.Equal("500 unexpected_failure", (await host.SignInAsync("a@b.test")).Refusal);
    }

    [Fact]
    public async Task A_function_that_watches_passwords_writes_and_rejects()
    {
        await using AuthHost host = await AuthHost.StartAsync(options => options.Hooks[HookName.PasswordVerification] = Function("attempts"));
        await host.Store.RunAsync(
            """
            create table public.failed (user_id uuid, at timestamptz default now());
            create function public.attempts(event jsonb) returns jsonb language plpgsql as $$
            begin
                if not (event->>'valid')::boolean then
                    insert into public.failed (user_id) values ((event->>'user_id')::uuid);
                    if (select count(*) from public.failed) >= 2 then
                        return jsonb_build_object('decision', 'reject', 'message', 'Too many tries', 'should_logout_user', true);
                    end if;
                end if;
                return jsonb_build_object('decision', 'continue');
            end $$
            """
        );
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        Assert.Equal(HttpStatusCode.OK, (await host.SignInAsync("a@b.test")).Status);
        Assert.Equal("Invalid login credentials", (await host.SignInAsync("a@b.test", "wrong-giraffe-1")).Text("msg"));
        Assert.Equal(HttpStatusCode.OK, (await host.MeAsync(token)).Status);
        Answer rejected = await host.SignInAsync("a@b.test", "wrong-giraffe-2");
        Assert.Equal("400 invalid_credentials", rejected.Refusal);
        Assert.Equal("Too many tries", rejected.Text("msg"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.MeAsync(token)).Status);
        Assert.Equal("400 invalid_credentials", (await host.SignInAsync("nobody@b.test", "wrong-giraffe-2")).Refusal);
        Assert.Equal(2L, await host.Store.ScalarAsync<long>("select count(*) from public.failed"));
    }

    [Fact]
    public async Task The_app_sends_mails_and_text_messages_itself()
    {
        await using HookEndpoint endpoint = await HookEndpoint.StartAsync();
        await using AuthHost host = await AuthHost.StartAsync(options =>
        {
            options.Sms.EnableSignup = true;
            options.Hooks[HookName.SendEmail] = endpoint.Hook;
            options.Hooks[HookName.SendSms] = endpoint.Hook;
        });
        endpoint.Answers(200, "{}");
        await host.PostAsync("/auth/v1/otp", """{"email":"a@b.test"}""");
        await host.DrainAsync();
        await host.PostAsync("/auth/v1/otp", """{"phone":"41791234567"}""");
        await host.DrainAsync();
        await host.PostAsync("/auth/v1/recover", """{"email":"nobody@b.test"}""");
        await host.DrainAsync();
        Assert.Equal(2, endpoint.Calls.Count);
        JsonElement mail = JsonElement.Parse(endpoint.Calls[0].Body);
        JsonElement data = mail.GetProperty("email_data");
        Assert.Equal("magiclink", data.GetProperty("email_action_type").GetString());
        Assert.Equal("a@b.test", mail.GetProperty("user").GetProperty("email").GetString());
        Answer session = await host.PostAsync("/auth/v1/verify", JsonSerializer.Serialize(new { type = "email", token_hash = data.GetProperty("token_hash").GetString() }));
        Assert.Equal(HttpStatusCode.OK, session.Status);
        JsonElement sms = JsonElement.Parse(endpoint.Calls[1].Body).GetProperty("sms");
        Assert.Equal("41791234567", sms.GetProperty("phone").GetString());
        string body = JsonSerializer.Serialize(new { type = "sms", phone = "41791234567", token = sms.GetProperty("otp").GetString() });
        Assert.Equal(HttpStatusCode.OK, (await host.PostAsync("/auth/v1/verify", body)).Status);
    }

    [Theory]
    [InlineData("pg-functions://other/public/f")]
    [InlineData("pg-functions://postgres/public/f;drop")]
    [InlineData("pg-functions://postgres/f")]
    [InlineData("http://example.com/hook")]
    [InlineData("")]
    public async Task A_uri_that_is_none_stops_the_start(string uri)
    {
        var e = await Assert.ThrowsAsync<InvalidOperationException>(
            () => AuthHost.StartAsync(options => options.Hooks[HookName.CustomAccessToken] = new AuthHookOptions { Enabled = true, Uri = uri, Secrets = "v1,whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAA=" })
        );
        Assert.Contains("[auth.hook.custom_access_token] uri", e.Message, StringComparison.Ordinal);
        AuthOptions unknown = new() { Hooks = { ["nonsense"] = new AuthHookOptions() } };
        Assert.Contains("no such hook", Assert.Throws<InvalidOperationException>(() => AuthFeature.Validate(unknown)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Functions_of_the_embedded_database_are_hooks_too()
    {
        string folder = Directory.CreateTempSubdirectory("tenon-hooks-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, "migrations"));
            await File.WriteAllTextAsync(
                Path.Combine(folder, "migrations", "1_hooks.sql"),
                """
                create table public.domains (name text primary key);
                insert into public.domains (name) values ('b.test');
                create function public.claims(event jsonb) returns jsonb language sql stable as $$
                    select jsonb_build_object('claims', (event->'claims') || jsonb_build_object('team', 'blue'))
                $$;
                create function public.admit(event jsonb) returns jsonb language plpgsql as $$
                begin
                    if not exists (select 1 from public.domains where event->'user'->>'email' like '%@' || name) then
                        return jsonb_build_object('error', jsonb_build_object('http_code', 403, 'message', 'not invited'));
                    end if;
                    return '{}'::jsonb;
                end $$;
                """,
                TestContext.Current.CancellationToken
            );
            Keys keys = Keys.Create(TimeProvider.System);
            var auth = new AuthOptions { Development = true };
            auth.Hooks[HookName.CustomAccessToken] = Function("claims");
            auth.Hooks[HookName.BeforeUserCreated] = Function("admit");
            var options = new BackendOptions { AppFolder = folder, DatabaseUrl = "sqlite:" + Path.Combine(folder, "data.db"), Keys = keys, Development = true, Auth = auth };
            await using TenonHost host = await TenonHost.StartAsync(options, "127.0.0.1", 0, cancellation: TestContext.Current.CancellationToken);
            using var http = new HttpClient { BaseAddress = new Uri(host.Url) };
            http.DefaultRequestHeaders.Add("apikey", keys.PublishableKey);
            async Task<(HttpStatusCode Status, string Body)> SignUp(string email)
            {
                using var content = new StringContent($$"""{"email":"{{email}}","password":"blue-giraffe-42"}""", Encoding.UTF8, "application/json");
                using HttpResponseMessage answer = await http.PostAsync("/auth/v1/signup", content, TestContext.Current.CancellationToken);
                return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            }
            (HttpStatusCode status, string body) = await SignUp("a@b.test");
            Assert.True(status == HttpStatusCode.OK, body);
            Assert.Equal("blue", Claims(JsonElement.Parse(body).GetProperty("access_token").GetString()!).GetProperty("team").GetString());
            (status, body) = await SignUp("a@evil.test");
            Assert.True(status == HttpStatusCode.Forbidden, body);
            Assert.Contains("not invited", body, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
