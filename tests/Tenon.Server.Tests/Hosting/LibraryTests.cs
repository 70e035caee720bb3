using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Tenon.Core.Errors;
using Tenon.Server.Auth;
using Tenon.Server.Hosting;

namespace Tenon.Server.Tests.Hosting;

/// <summary>Tenon inside somebody's ASP.NET Core application: AddTenon, MapTenon, the host's own sign-in.</summary>
public sealed class LibraryTests
{
    private static void HostSignsIn(TenonOptions options)
    {
        options.Auth.Enabled = false;
        options.Auth.Host.Enabled = true;
    }

    private static JsonElement WhoAmI((int Status, string Body) answer)
    {
        Assert.Equal(200, answer.Status);
        return JsonElement.Parse(answer.Body);
    }

    [Fact]
    public async Task A_cookie_of_the_host_makes_its_user_the_caller()
    {
        await using HostApp host = await HostApp.StartAsync(HostSignsIn);
        string alice = await host.CookieAsync($"sub={HostApp.Alice}&email=alice@example.test&department=sales");
        Assert.Equal((200, """[{"title":"hers"},{"title":"sales"}]"""), await host.SendAsync("GET", "/api/rest/v1/notes?select=title&order=id", alice));
        Assert.Equal((200, """[{"title":"public"}]"""), await host.SendAsync("GET", "/api/rest/v1/notes?select=title&order=id"));
        JsonElement who = WhoAmI(await host.SendAsync("GET", "/api/rest/v1/rpc/whoami", alice));
        Assert.Equal(HostApp.Alice, who.GetProperty("uid").GetString());
        Assert.Equal("authenticated", who.GetProperty("role").GetString());
        Assert.Equal("alice@example.test", who.GetProperty("email").GetString());
        Assert.Equal("sales", who.GetProperty("jwt").GetProperty("department").GetString());
    }

    [Fact]
    public async Task Claims_as_Entra_makes_them_give_the_object_id_and_mapped_roles()
    {
        await using HostApp host = await HostApp.StartAsync(
            options =>
            {
                HostSignsIn(options);
                options.Auth.AdditionalRoles.Add("editor");
                options.Auth.Host.Roles["Contoso.Editor"] = "editor";
            },
            migration: HostApp.Notes + "create role editor; grant execute on function whoami() to editor;"
        );
        string claims =
            "sub=AAAAopaque&http://schemas.microsoft.com/identity/claims/objectidentifier="
            + HostApp.Alice
            + "&roles=Contoso.Reader&roles=Contoso.Editor&amr=pwd&amr=mfa&AspNet.Identity.SecurityStamp=stamp-of-the-host";
        JsonElement who = WhoAmI(await host.SendAsync("GET", "/api/rest/v1/rpc/whoami", await host.CookieAsync(claims)));
        Assert.Equal(HostApp.Alice, who.GetProperty("uid").GetString());
        Assert.Equal("editor", who.GetProperty("role").GetString());
        JsonElement jwt = who.GetProperty("jwt");
        Assert.Equal("""["Contoso.Reader","Contoso.Editor"]""", jwt.GetProperty("roles").GetRawText().Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal(("aal2", "AAAAopaque"), (jwt.GetProperty("aal").GetString(), jwt.GetProperty("external_id").GetString()));
        Assert.DoesNotContain("stamp-of-the-host", jwt.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("role=service_role")]
    [InlineData("role=anon")]
    [InlineData("roles=service_role")]
    [InlineData("http://schemas.microsoft.com/ws/2008/06/identity/claims/role=postgres")]
    public async Task Names_of_the_hosts_roles_choose_no_database_role(string claim)
    {
        await using HostApp host = await HostApp.StartAsync(HostSignsIn);
        JsonElement who = WhoAmI(await host.SendAsync("GET", "/api/rest/v1/rpc/whoami", await host.CookieAsync($"sub={HostApp.Alice}&{claim}")));
        Assert.Equal("authenticated", who.GetProperty("role").GetString());
        Assert.Equal("authenticated", who.GetProperty("jwt").GetProperty("role").GetString());
    }

    [Fact]
    public async Task A_mapping_of_the_hosts_own_decides_and_null_is_anon()
    {
        await using HostApp host = await HostApp.StartAsync(options =>
        {
            HostSignsIn(options);
            options.Auth.Host.Map = user =>
                user.FindFirst("employee") is { } employee ? new HostIdentity { Subject = Guid.Parse(HostApp.Alice), Email = employee.Value + "@corp.test" }
                : user.FindFirst("root") is not null ? new HostIdentity { Role = "service_role" }
                : null;
        });
        JsonElement who = WhoAmI(await host.SendAsync("GET", "/api/rest/v1/rpc/whoami", await host.CookieAsync("employee=alice")));
        Assert.Equal((HostApp.Alice, "alice@corp.test"), (who.GetProperty("uid").GetString(), who.GetProperty("email").GetString()));
        who = WhoAmI(await host.SendAsync("GET", "/api/rest/v1/rpc/whoami", await host.CookieAsync("guest=yes")));
        Assert.Equal("anon", who.GetProperty("role").GetString());
        var (status, body) = await host.SendAsync("GET", "/api/rest/v1/rpc/whoami", await host.CookieAsync("root=yes"));
        Assert.Equal(401, status);
        Assert.Contains("PGRST303", body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://evil.test", null, 403)]
    [InlineData("null", null, 403)]
    [InlineData("http://localhost:81", null, 403)]
    [InlineData("https://localhost", null, 403)]
    [InlineData(null, "cross-site", 403)]
    [InlineData("http://localhost", "same-site", 403)]
    [InlineData("http://localhost", null, 201)]
    [InlineData("http://localhost", "same-origin", 201)]
    [InlineData("https://friend.test", "cross-site", 201)]
    [InlineData(null, null, 201)]
    public async Task A_page_of_another_origin_changes_nothing_by_the_hosts_cookie(string? origin, string? site, int expected)
    {
        await using HostApp host = await HostApp.StartAsync(options =>
        {
            HostSignsIn(options);
            options.Auth.Host.TrustedOrigins.Add("https://friend.test");
        });
        string alice = await host.CookieAsync($"sub={HostApp.Alice}");
        Task<(int Status, string Body)> Send(string method, string path, string? json) =>
            host.SendAsync(method, path, alice, json, headers =>
            {
                headers.TryAddWithoutValidation("Origin", origin);
                headers.TryAddWithoutValidation("Sec-Fetch-Site", site);
            });
        var (status, body) = await Send("POST", "/api/rest/v1/notes", """{"title":"forged"}""");
        Assert.Equal(expected, status);
        Assert.Equal(expected == 403, body.Contains($"\"{ErrorCodes.ForeignOrigin}\"", StringComparison.Ordinal));
        var (_, rows) = await host.SendAsync("GET", "/api/rest/v1/notes?select=title&title=eq.forged", alice);
        Assert.Equal(expected == 403 ? "[]" : """[{"title":"forged"}]""", rows);
        Assert.Equal(200, (await Send("GET", "/api/rest/v1/notes", null)).Status);
    }

    [Fact]
    public async Task A_token_that_the_hosts_JwtBearer_verified_makes_its_user_the_caller()
    {
        var key = new SymmetricSecurityKey(new byte[32]);
        await using HostApp host = await HostApp.StartAsync(
            options =>
            {
                HostSignsIn(options);
                options.Auth.Host.Schemes.Add(JwtBearerDefaults.AuthenticationScheme);
            },
            builder => builder.Services.AddAuthentication().AddJwtBearer(bearer => bearer.TokenValidationParameters = new TokenValidationParameters
            {
                ValidIssuer = "https://login.example",
                ValidAudience = "notes",
                IssuerSigningKey = key,
            })
        );
        string Token(string issuer, SecurityKey signing) => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer,
            Audience = "notes",
            Claims = new Dictionary<string, object> { ["sub"] = HostApp.Alice, ["role"] = "service_role" },
            SigningCredentials = new SigningCredentials(signing, SecurityAlgorithms.HmacSha256),
        });
        Task<(int Status, string Body)> Ask(string token) =>
            host.SendAsync("GET", "/api/rest/v1/rpc/whoami", headers: h => h.TryAddWithoutValidation("Authorization", "Bearer " + token));
        JsonElement who = WhoAmI(await Ask(Token("https://login.example", key)));
        Assert.Equal((HostApp.Alice, "authenticated"), (who.GetProperty("uid").GetString(), who.GetProperty("role").GetString()));
        byte[] other = new byte[32];
        other[0] = 1;
        Assert.Equal(401, (await Ask(Token("https://login.example", new SymmetricSecurityKey(other)))).Status);
        Assert.Equal(401, (await Ask(Token("https://other.example", key))).Status);
        // The cookie's scheme is not asked.
        Assert.Equal("anon", WhoAmI(await host.SendAsync("GET", "/api/rest/v1/rpc/whoami", await host.CookieAsync($"sub={HostApp.Alice}"))).GetProperty("role").GetString());
    }

    [Fact]
    public async Task Keys_of_Tenon_stand_beside_the_hosts_user()
    {
        Keys keys = Keys.Create(TimeProvider.System);
        await using HostApp host = await HostApp.StartAsync(options =>
        {
            HostSignsIn(options);
            (options.Keys.PublishableKey, options.Keys.SecretKey) = (keys.PublishableKey, keys.SecretKey);
            options.Keys.EncryptionKey = Convert.ToHexString(keys.EncryptionKey);
        });
        string alice = await host.CookieAsync($"sub={HostApp.Alice}");
        async Task<string> Role(string? apikey, string? bearer)
        {
            var (status, body) = await host.SendAsync("GET", "/api/rest/v1/rpc/whoami", alice, headers: h =>
            {
                h.TryAddWithoutValidation("apikey", apikey);
                h.TryAddWithoutValidation("Authorization", bearer is null ? null : "Bearer " + bearer);
            });
            return status == 200 ? JsonElement.Parse(body).GetProperty("role").GetString()! : $"{status}";
        }
        Assert.Equal("authenticated", await Role(keys.PublishableKey, keys.PublishableKey));
        Assert.Equal("authenticated", await Role(keys.SecretKey, null));
        Assert.Equal("401", await Role("sb_publishable_unknown", null));
        Assert.Equal("401", await Role(null, "sb_secret_unknown"));
        Assert.Equal("service_role", await Role(keys.SecretKey, keys.SecretKey));
    }

    [Fact]
    public async Task Sign_in_switched_off_answers_404_and_says_why()
    {
        await using HostApp host = await HostApp.StartAsync(HostSignsIn);
        foreach (string path in new[] { "signup", "token?grant_type=password", "otp" })
        {
            var (status, body) = await host.SendAsync("POST", "/api/auth/v1/" + path, json: "{}");
            Assert.Equal(404, status);
            Assert.Contains("feature_disabled", body, StringComparison.Ordinal);
        }
        Assert.Equal(404, (await host.SendAsync("GET", "/api/auth/v1/.well-known/jwks.json")).Status);
        Assert.Equal(401, (await host.SendAsync("GET", "/api/auth/v1/admin/keys")).Status);
    }

    [Fact]
    public async Task Tenons_own_sign_in_works_under_the_prefix_of_the_host()
    {
        await using HostApp host = await HostApp.StartAsync(options => options.Auth.PublicUrl = "http://localhost/api");
        var (status, body) = await host.SendAsync("POST", "/api/auth/v1/signup", json: """{"email":"bea@example.test","password":"blue-giraffe-42"}""");
        Assert.Equal(200, status);
        string token = JsonElement.Parse(body).GetProperty("access_token").GetString()!;
        JsonElement who = WhoAmI(await host.SendAsync("GET", "/api/rest/v1/rpc/whoami", headers: h => h.TryAddWithoutValidation("Authorization", "Bearer " + token)));
        Assert.Equal("http://localhost/api/auth/v1", who.GetProperty("jwt").GetProperty("iss").GetString());
        // The host's principal is not believed unless it is told to.
        Assert.Equal("anon", WhoAmI(await host.SendAsync("GET", "/api/rest/v1/rpc/whoami", await host.CookieAsync($"sub={HostApp.Alice}"))).GetProperty("role").GetString());
        Assert.Equal(404, (await host.SendAsync("GET", "/rest/v1/notes")).Status);
        Assert.Contains("\"http://localhost/api\"", (await host.SendAsync("GET", "/api/.well-known/tenon.json")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Conventions_of_the_host_hold_for_all_of_Tenon()
    {
        await using HostApp host = await HostApp.StartAsync(HostSignsIn, conventions: tenon => tenon.RequireAuthorization());
        Assert.Equal(302, (await host.SendAsync("GET", "/api/rest/v1/notes")).Status);
        Assert.Equal(200, (await host.SendAsync("GET", "/api/rest/v1/notes", await host.CookieAsync($"sub={HostApp.Alice}"))).Status);
    }

    [Fact]
    public async Task Options_come_from_the_section_Tenon_and_wrong_ones_stop_the_start()
    {
        await using (HostApp host = await HostApp.StartAsync(settings: new() { ["Tenon:Api:MaxRows"] = "1", ["ConnectionStrings:Tenon"] = "sqlite:other.db", ["Tenon:Auth:Sessions:SinglePerUser"] = "true" }))
        {
            Assert.Equal(1, host.App.Services.GetRequiredService<IOptions<TenonOptions>>().Value.Api.MaxRows);
            Assert.True(host.App.Services.GetRequiredService<IOptions<TenonOptions>>().Value.Auth.Sessions.SinglePerUser);
            Assert.True(File.Exists(Path.Combine(host.App.Environment.ContentRootPath, "other.db")));
        }
        async Task<string> Refused(Dictionary<string, string?> settings) =>
            (await Assert.ThrowsAnyAsync<Exception>(async () => await HostApp.StartAsync(settings: settings))).ToString();
        Assert.Contains("MaxRow", await Refused(new() { ["Tenon:Api:MaxRow"] = "1" }), StringComparison.Ordinal);
        Assert.Contains("Tenon:DatabaseUrl", await Refused(new() { ["Tenon:DatabaseUrl"] = "oracle://x" }), StringComparison.Ordinal);
        Assert.Contains("no folder", await Refused(new() { ["Tenon:AppFolder"] = "nowhere" }), StringComparison.Ordinal);
        Assert.Contains("make keys with", await Refused(new() { ["Tenon:Development"] = "false" }), StringComparison.Ordinal);
        Assert.Contains("service_role", await Refused(new() { ["Tenon:Auth:Host:Enabled"] = "true", ["Tenon:Auth:Host:DefaultRole"] = "service_role" }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_health_check_and_the_measures_tell_of_Tenon()
    {
        var activities = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Tenon",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity => { lock (activities) { activities.Add(activity); } },
        };
        ActivitySource.AddActivityListener(listener);
        long statements = 0;
        using var meter = new MeterListener { InstrumentPublished = (instrument, it) => { if (instrument.Meter.Name == "Tenon") { it.EnableMeasurementEvents(instrument); } } };
        meter.SetMeasurementEventCallback<long>((instrument, value, _, _) => Interlocked.Add(ref statements, instrument.Name == "tenon.request.statements" ? value : 0));
        meter.Start();
        await using HostApp host = await HostApp.StartAsync(HostSignsIn);
        Assert.Equal((200, "Healthy"), await host.SendAsync("GET", "/healthy"));
        Assert.Equal(200, (await host.SendAsync("GET", "/api/rest/v1/notes?title=eq.canary-value")).Status);
        Activity[] seen;
        lock (activities)
        {
            seen = [.. activities.Where(a => $"{a.GetTagItem("url.path")}" == "/rest/v1/notes?title=eq.…")];
        }
        Assert.Contains(seen, a => a.OperationName == "GET /rest/v1" && a.GetTagItem("tenon.role") is "anon" && a.GetTagItem("http.response.status_code") is 200);
        Assert.True(Interlocked.Read(ref statements) > 0);
        Assert.DoesNotContain(seen, a => a.TagObjects.Any(t => $"{t.Value}".Contains("canary", StringComparison.Ordinal)));
    }
}
