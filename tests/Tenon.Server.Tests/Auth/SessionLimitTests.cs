using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tenon.Server.Hosting;
using Tenon.Server.Tests.Hosting;
using Tenon.Testing;

namespace Tenon.Server.Tests.Auth;

/// <summary>How long sessions last, on both engines, for tokens that the server has already seen; the clock is the host's.</summary>
public sealed class SessionLimitTests
{
    private const string Notes = "create table notes (id int primary key); grant select on notes to authenticated;";

    private sealed class Visit(HostApp host)
    {
        public async Task<JsonElement> PostAsync(string path, string json, int expected = 200)
        {
            var (status, body) = await host.SendAsync("POST", "/api/auth/v1/" + path, json: json);
            Assert.Equal(expected, status);
            return JsonElement.Parse(body);
        }

        public Task<JsonElement> SignUpAsync() => PostAsync("signup", """{"email":"a@b.test","password":"blue-giraffe-42"}""");

        public Task<JsonElement> SignInAsync() => PostAsync("token?grant_type=password", """{"email":"a@b.test","password":"blue-giraffe-42"}""");

        public Task<JsonElement> RefreshAsync(JsonElement session, int expected = 200) =>
            PostAsync("token?grant_type=refresh_token", $$"""{"refresh_token":"{{session.GetProperty("refresh_token").GetString()}}"}""", expected);

        public async Task<int> ReadAsync(JsonElement session) =>
            (await host.SendAsync("GET", "/api/rest/v1/notes", headers: h => h.Add("Authorization", "Bearer " + session.GetProperty("access_token").GetString()))).Status;
    }

    private static async Task<(HostApp Host, Visit Visit, MovableClock Clock)> StartAsync(bool postgres, Action<TenonOptions> configure)
    {
        Assert.SkipWhen(postgres && PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        var clock = new MovableClock();
        HostApp host = await HostApp.StartAsync(
            options =>
            {
                options.DatabaseUrl = postgres ? PrivatePostgres.Shared!.CreateDatabase() : "";
                configure(options);
            },
            builder => builder.Services.AddSingleton<TimeProvider>(clock),
            migration: Notes
        );
        return (host, new Visit(host), clock);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_time_box_ends_a_session_however_it_is_used(bool postgres)
    {
        var (host, visit, clock) = await StartAsync(postgres, options => options.Auth.Sessions.Timebox = TimeSpan.FromMinutes(30));
        await using HostApp _ = host;
        JsonElement session = await visit.SignUpAsync();
        clock.Advance(TimeSpan.FromMinutes(20));
        session = await visit.RefreshAsync(session);
        Assert.Equal(200, await visit.ReadAsync(session));
        clock.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal(401, await visit.ReadAsync(session));
        Assert.Equal("session_expired", (await visit.RefreshAsync(session, 400)).GetProperty("error_code").GetString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_idle_session_ends_and_a_refreshed_one_goes_on(bool postgres)
    {
        var (host, visit, clock) = await StartAsync(postgres, options => options.Auth.Sessions.InactivityTimeout = TimeSpan.FromMinutes(30));
        await using HostApp _ = host;
        JsonElement session = await visit.SignUpAsync();
        for (int i = 0; i < 3; i++)
        {
            clock.Advance(TimeSpan.FromMinutes(29));
            session = await visit.RefreshAsync(session);
            Assert.Equal(200, await visit.ReadAsync(session));
        }
        clock.Advance(TimeSpan.FromMinutes(31));
        Assert.Equal(401, await visit.ReadAsync(session));
        Assert.Equal("session_expired", (await visit.RefreshAsync(session, 400)).GetProperty("error_code").GetString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_single_session_per_user_is_the_last_one_begun(bool postgres)
    {
        var (host, visit, _) = await StartAsync(postgres, options => options.Auth.Sessions.SinglePerUser = true);
        await using HostApp hosted = host;
        JsonElement first = await visit.SignUpAsync();
        Assert.Equal(200, await visit.ReadAsync(first));
        JsonElement second = await visit.SignInAsync();
        Assert.Equal((401, 200), (await visit.ReadAsync(first), await visit.ReadAsync(second)));
        Assert.Equal("refresh_token_not_found", (await visit.RefreshAsync(first, 400)).GetProperty("error_code").GetString());
    }
}
