using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Server.Auth;
using Tenon.Server.Auth.Hooks;

namespace Tenon.Server.Tests.Auth;

/// <summary>Every hook of sign-in as a signed call and as a SQL function; as code they are in CodeHookTests.</summary>
public sealed class HookKindTests
{
    private const string Number = "15005550006";

    private static readonly string[] Names =
        ["before_user_created", "custom_access_token", "mfa_verification_attempt", "password_verification_attempt", "send_email", "send_sms"];

    private static void Configure(AuthOptions options, Func<string, AuthHookOptions> hook)
    {
        options.Sms.EnableSignup = true;
        options.Mfa.PhoneEnrollEnabled = true;
        options.Mfa.PhoneVerifyEnabled = true;
        foreach (string name in HookName.All)
        {
            options.Hooks[name] = hook(name);
        }
    }

    /// <summary>Does once what each hook is asked about; the claims of the token that came of it.</summary>
    private static async Task<JsonElement> DoAllAsync(AuthHost host)
    {
        Assert.Equal(HttpStatusCode.OK, (await host.SignUpAsync("a@b.test")).Status);
        Answer session = await host.SignInAsync("a@b.test");
        Assert.Equal(HttpStatusCode.OK, session.Status);
        string token = session.Text("access_token");
        Assert.Equal(HttpStatusCode.OK, (await host.PostAsync("/auth/v1/recover", """{"email":"a@b.test"}""")).Status);
        Answer phone = await host.PostAsync("/auth/v1/factors", $$"""{"factor_type":"phone","phone":"{{Number}}"}""", token);
        Answer challenge = await host.PostAsync($"/auth/v1/factors/{phone.Text("id")}/challenge", "{}", token);
        Assert.Equal(HttpStatusCode.OK, challenge.Status);
        await host.DrainAsync();
        Answer wrong = await host.PostAsync($"/auth/v1/factors/{phone.Text("id")}/verify", $$"""{"challenge_id":"{{challenge.Text("id")}}","code":"000000"}""", token);
        Assert.NotEqual(HttpStatusCode.OK, wrong.Status);
        return JsonElement.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(token.Split('.')[1]));
    }

    [Fact]
    public async Task Every_hook_is_a_signed_call()
    {
        await using HookEndpoint endpoint = await HookEndpoint.StartAsync();
        await using AuthHost host = await AuthHost.StartAsync(options => Configure(options, _ => endpoint.Hook));
        endpoint.Answer = context =>
        {
            JsonElement asked = JsonElement.Parse((string)context.Items["body"]!);
            return asked.TryGetProperty("claims", out JsonElement claims)
                ? context.Response.WriteAsync("{\"claims\":" + claims.GetRawText()[..^1] + ",\"team\":\"blue\"}}")
                : context.Response.WriteAsync("{}");
        };
        Assert.Equal("blue", (await DoAllAsync(host)).GetProperty("team").GetString());
        string[] asked = [.. endpoint.Calls.Select(c => JsonElement.Parse(c.Body).GetProperty("metadata").GetProperty("name").GetString()!.Replace('-', '_')).Distinct().Order()];
        Assert.Equal(Names, asked);
        Assert.All(endpoint.Calls, call => Assert.StartsWith("v1,", call.Headers["webhook-signature"].ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_hook_is_a_SQL_function()
    {
        await using AuthHost host = await AuthHost.StartAsync(options => Configure(options, name => new AuthHookOptions { Enabled = true, Uri = $"pg-functions://postgres/public/{name}" }));
        await host.Store.RunAsync("create table public.heard (name text)");
        foreach (string name in Names)
        {
            string answer = name == "custom_access_token" ? "jsonb_build_object('claims', (event->'claims') || '{\"team\":\"blue\"}'::jsonb)" : "'{}'::jsonb";
            await host.Store.RunAsync(
                $"create function public.{name}(event jsonb) returns jsonb language plpgsql as $$ begin insert into public.heard values (event->'metadata'->>'name'); return {answer}; end $$"
            );
        }
        Assert.Equal("blue", (await DoAllAsync(host)).GetProperty("team").GetString());
        string heard = await host.Store.ScalarAsync<string>("select string_agg(distinct replace(name, '-', '_'), ',' order by replace(name, '-', '_')) from public.heard");
        Assert.Equal(string.Join(',', Names), heard);
    }
}
