using System.Net;
using System.Text.Json;
using Tenon.Server.Auth;

namespace Tenon.Server.Tests.Auth;

public sealed class SignUpTests
{
    [Fact]
    public async Task The_own_address_a_listed_password_and_missing_kinds_of_characters_are_refused()
    {
        string folder = Directory.CreateTempSubdirectory("tenon-words-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "words.txt"), "Our-Product-2026\n", TestContext.Current.CancellationToken);
            await using AuthHost host = await AuthHost.StartAsync(options => (options.AppFolder, options.BlockedPasswordsPath) = (folder, "words.txt"));
            foreach (string password in new[] { "rosalind.franklin@b.test", "rosalind.franklin", "Rosalind.Franklin1920!", "our-product-2026" })
            {
                Answer refused = await host.SignUpAsync("rosalind.franklin@b.test", password);
                Assert.Equal("422 weak_password", refused.Refusal);
                Assert.Equal("pwned", refused.Json.GetProperty("weak_password").GetProperty("reasons")[0].GetString());
            }
            Assert.Equal(HttpStatusCode.OK, (await host.SignUpAsync("rosalind.franklin@b.test")).Status);

            await using AuthHost strict = await AuthHost.StartAsync(options => options.PasswordRequirements = "lower_upper_letters_digits_symbols");
            Answer plain = await strict.SignUpAsync("a@b.test", "bluegiraffe42");
            Assert.Equal("characters", plain.Json.GetProperty("weak_password").GetProperty("reasons")[0].GetString());
            Assert.Equal(HttpStatusCode.OK, (await strict.SignUpAsync("a@b.test", "Blue-Giraffe-42")).Status);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_sign_up_answers_a_session_whose_token_is_the_user_on_rest()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Answer answer = await host.PostAsync(
            "/auth/v1/signup",
            """{"email":" Ada@Example.Test ","password":"blue-giraffe-42","data":{"name":"Ada ☃"},"code_challenge":null}"""
        );
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("bearer", answer.Text("token_type"));
        Assert.Equal(3600, answer.Json.GetProperty("expires_in").GetInt32());
        Assert.Equal("no-store", answer.Header("Cache-Control"));
        JsonElement user = answer.Json.GetProperty("user");
        Assert.Equal("ada@example.test", user.GetProperty("email").GetString());
        Assert.Equal("authenticated", user.GetProperty("role").GetString());
        Assert.Equal("Ada ☃", user.GetProperty("user_metadata").GetProperty("name").GetString());
        Assert.Equal("email", user.GetProperty("app_metadata").GetProperty("provider").GetString());
        Assert.Equal("email", user.GetProperty("identities")[0].GetProperty("provider").GetString());
        Assert.False(user.GetProperty("is_anonymous").GetBoolean());
        Assert.True(user.TryGetProperty("confirmed_at", out _));
        Assert.False(answer.Body.Contains("argon2", StringComparison.Ordinal));

        Answer me = await host.MeAsync(answer.Text("access_token"));
        Assert.Equal(user.GetProperty("id").GetString(), me.Text("sub"));
        Assert.Equal("authenticated", me.Text("role"));
    }

    [Fact]
    public async Task A_taken_address_is_refused_however_it_is_written()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        await host.SignUpAsync("ada@example.test");
        Assert.Equal("422 user_already_exists", (await host.SignUpAsync("ADA@EXAMPLE.TEST")).Refusal);
    }

    [Fact]
    public async Task Of_many_sign_ups_with_one_address_at_once_exactly_one_succeeds()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => host.SignUpAsync("one@example.test")));
        Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
        Assert.All(answers.Where(a => a.Status != HttpStatusCode.OK), a => Assert.Equal("422 user_already_exists", a.Refusal));
        Assert.Equal(1L, await host.Store.ScalarAsync<long>("select count(*) from auth.sessions"));
    }

    [Theory]
    [InlineData("""{"email":"a@b.test","password":"short"}""", "422 weak_password")]
    [InlineData("""{"email":"a@b.test","password":"Passw0rd!123"}""", "422 weak_password")]
    [InlineData("""{"email":"a@b.test","password":"abcabcabcabc"}""", "422 weak_password")]
    [InlineData("""{"email":"a@b.test","password":"987654321"}""", "422 weak_password")]
    [InlineData("""{"email":"a@b.test"}""", "400 validation_failed")]
    [InlineData("""{"email":"no address","password":"blue-giraffe-42"}""", "400 validation_failed")]
    [InlineData("""{"email":{"$ne":""},"password":"blue-giraffe-42"}""", "400 validation_failed")]
    [InlineData("""{"email":"a@b.test","password":["blue-giraffe-42"]}""", "400 validation_failed")]
    [InlineData("""{"email":"a@b.test","password":"blue-giraffe-42","data":"text"}""", "400 validation_failed")]
    [InlineData("""{"email":"a@b.test","password":"blue-giraffe-42","data":{"a":"\u0000"}}""", "400 validation_failed")]
    [InlineData("""{"email":"a@b.test","password":"blue-giraffe-\u0000"}""", "400 validation_failed")]
    [InlineData("""{"email":"a@b.test","email":"c@d.test","password":"blue-giraffe-42"}""", "400 bad_json")]
    [InlineData("""{"email":"a@b.test","password":"\ud800 half a pair"}""", "400 bad_json")]
    [InlineData("""{"email":""", "400 bad_json")]
    [InlineData("[]", "400 bad_json")]
    [InlineData("""{"phone":"15551234","password":"blue-giraffe-42"}""", "422 phone_provider_disabled")]
    [InlineData("""{"phone":"15551234","email":"a@b.test","password":"blue-giraffe-42"}""", "400 validation_failed")]
    [InlineData("{}", "422 anonymous_provider_disabled")]
    public async Task A_bad_sign_up_is_refused_by_name(string body, string refusal)
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Assert.Equal(refusal, (await host.PostAsync("/auth/v1/signup", body)).Refusal);
        Assert.Equal(0L, await host.Store.ScalarAsync<long>("select count(*) from auth.users"));
    }

    [Fact]
    public async Task Oversized_bodies_and_metadata_are_refused()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string large = new('x', 70_000);
        Assert.Equal("413 validation_failed", (await host.PostAsync("/auth/v1/signup", $$"""{"email":"{{large}}"}""")).Refusal);
        string data = new('x', 9_000);
        Answer metadata = await host.PostAsync(
            "/auth/v1/signup",
            $$$"""{"email":"a@b.test","password":"blue-giraffe-42","data":{"a":"{{{data}}}"}}"""
        );
        Assert.Equal("400 validation_failed", metadata.Refusal);
    }

    [Fact]
    public async Task Metadata_at_its_largest_still_gives_a_token_that_is_accepted()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string data = new('x', 8_000);
        Answer answer = await host.PostAsync(
            "/auth/v1/signup",
            $$$"""{"email":"a@b.test","password":"blue-giraffe-42","data":{"a":"{{{data}}}"}}"""
        );
        Assert.Equal(HttpStatusCode.OK, (await host.MeAsync(answer.Text("access_token"))).Status);
    }

    [Fact]
    public async Task An_anonymous_user_becomes_a_permanent_one_by_address_and_password()
    {
        await using AuthHost host = await AuthHost.StartAsync(o => o.EnableAnonymousSignIns = true);
        Answer anonymous = await host.PostAsync("/auth/v1/signup", """{"data":{"cart":1}}""");
        Assert.True(anonymous.Json.GetProperty("user").GetProperty("is_anonymous").GetBoolean());
        string token = anonymous.Text("access_token");
        Assert.Equal("authenticated", (await host.MeAsync(token)).Text("role"));
        Answer early = await host.SendAsync("PUT", "/auth/v1/user", """{"password":"blue-giraffe-42"}""", token);
        Assert.Equal("400 validation_failed", early.Refusal);
        Answer named = await host.SendAsync("PUT", "/auth/v1/user", """{"email":"new@b.test","password":"blue-giraffe-42"}""", token);
        Assert.Equal(HttpStatusCode.OK, named.Status);
        Assert.False(named.Json.GetProperty("is_anonymous").GetBoolean());
        Assert.Equal("email", named.Json.GetProperty("app_metadata").GetProperty("provider").GetString());
        Answer signedIn = await host.SignInAsync("new@b.test");
        Assert.Equal(anonymous.Json.GetProperty("user").Text("id"), signedIn.Json.GetProperty("user").Text("id"));
    }

    [Fact]
    public async Task Closed_doors_say_which_door_is_closed()
    {
        await using AuthHost closed = await AuthHost.StartAsync(o => o.EnableSignup = false);
        Assert.Equal("422 signup_disabled", (await closed.SignUpAsync("a@b.test")).Refusal);
        await using AuthHost noEmail = await AuthHost.StartAsync(o => o.Email.EnableSignup = false);
        Assert.Equal("422 email_provider_disabled", (await noEmail.SignUpAsync("a@b.test")).Refusal);
    }

    [Fact]
    public async Task A_trigger_that_refuses_leaves_no_user_behind()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        await host.Store.RunAsync(
            """
            create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no entry'; end $$;
            create trigger refuse after insert on auth.users for each row execute function refuse();
            """
        );
        Answer answer = await host.SignUpAsync("a@b.test");
        Assert.Equal("500 unexpected_failure", answer.Refusal);
        Assert.DoesNotContain("no entry", answer.Body, StringComparison.Ordinal);
        Assert.Equal(0L, await host.Store.ScalarAsync<long>("select count(*) from auth.users"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Metadata_may_hold_the_letters_of_an_escaped_NUL_but_not_the_character(bool postgres)
    {
        Action<AuthOptions> none = _ => { };
        await using EmbeddedHost host = await (postgres ? EmbeddedHost.OnPostgresAsync(none) : EmbeddedHost.StartAsync(none));
        const string letters = """{"a":"\\u0000","\\u0000b":["x\\\\u0000","\\\\\\u0000"]}""";
        Answer made = await host.PostAsync("/auth/v1/signup", $$"""{"email":"a@b.test","password":"blue-giraffe-42","data":{{letters}}}""");
        Assert.True(made.Status == HttpStatusCode.OK, made.Body);
        string path = "/auth/v1/admin/users/" + made.Json.GetProperty("user").Text("id");
        Answer kept = await host.SendAsync("PUT", path, $$"""{"app_metadata":{{letters}}}""", host.Keys.SecretKey, host.Keys.SecretKey);
        foreach (string name in (string[])["user_metadata", "app_metadata"])
        {
            JsonElement data = kept.Json.GetProperty(name);
            Assert.Equal("\\u0000", data.Text("a"));
            Assert.Equal(["x\\\\u0000", "\\\\\\u0000"], data.GetProperty("\\u0000b").EnumerateArray().Select(item => item.GetString()));
        }
        foreach (string wrong in (string[])["""{"a":"\u0000"}""", """{"a":"\\\u0000"}""", """{"\u0000":1}""", """{"a":{"b":["\\\\\u0000"]}}"""])
        {
            Assert.Equal("400 validation_failed", (await host.PostAsync("/auth/v1/signup", $$"""{"email":"c@d.test","password":"blue-giraffe-42","data":{{wrong}}}""")).Refusal);
            Assert.Equal("400 validation_failed", (await host.SendAsync("PUT", path, $$"""{"user_metadata":{{wrong}}}""", host.Keys.SecretKey, host.Keys.SecretKey)).Refusal);
        }
    }
}

internal static class JsonReading
{
    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
