using Tenon.Server.Tests.Hosting;
using Xunit;

namespace Tenon.Server.Tests.Rest;

/// <summary>Several exposed schemas: the profile headers say which one a request speaks to.</summary>
public sealed class ProfileTests : IClassFixture<ProfileTests.Fixture>
{
    private readonly TestApp app;

    public ProfileTests(Fixture fixture) => app = fixture.App;

    public sealed class Fixture : IAsyncLifetime
    {
        internal TestApp App { get; private set; } = null!;

        public async ValueTask InitializeAsync() =>
            App = await TestApp.StartAsync(
                """
                create schema shop;
                create schema hidden;
                create table places (id int primary key, name text);
                create table shop.items (id int primary key, place_id int references public.places (id), name text);
                create table hidden.codes (id int primary key);
                create function shop.item_count() returns bigint language sql stable as 'select count(*) from shop.items';
                insert into places values (1, 'here');
                insert into shop.items values (1, 1, 'lamp');
                grant select, insert on places, shop.items, hidden.codes to anon;
                """,
                configure: o => o with { Rest = o.Rest with { Schemas = ["public", "shop"] } }
            );

        public async ValueTask DisposeAsync() => await App.DisposeAsync();
    }

    [Theory]
    [InlineData("GET", "places?select=name", "Accept-Profile", null, null, 200, "public", """[{"name":"here"}]""")]
    [InlineData("GET", "items?select=name", "Accept-Profile", "shop", null, 200, "shop", """[{"name":"lamp"}]""")]
    [InlineData("GET", "items?select=name", "Content-Profile", "shop", null, 404, null, null)]
    [InlineData("GET", "items", "Accept-Profile", null, null, 404, null, null)]
    [InlineData("GET", "places", "Accept-Profile", "shop", null, 404, null, null)]
    [InlineData("GET", "codes", "Accept-Profile", "hidden", null, 406, null, null)]
    [InlineData("GET", "users", "Accept-Profile", "auth", null, 406, null, null)]
    [InlineData("POST", "items?select=id", "Content-Profile", "shop", """{"id":2,"name":"desk"}""", 201, "shop", """[{"id":2}]""")]
    [InlineData("POST", "items?select=id", "Accept-Profile", "shop", """{"id":3,"name":"desk"}""", 404, null, null)]
    [InlineData("POST", "rpc/item_count", "Content-Profile", "shop", "{}", 200, "shop", null)]
    [InlineData("GET", "rpc/item_count", "Accept-Profile", "shop", null, 200, "shop", null)]
    [InlineData("POST", "rpc/item_count", "Content-Profile", "public", "{}", 404, null, null)]
    [InlineData("GET", "items?select=name,places(name)&id=eq.1", "Accept-Profile", "shop", null, 400, null, null)]
    public async Task The_profile_header_of_the_method_chooses_the_schema(
        string method, string target, string header, string? profile, string? body, int status, string? echoed, string? expected)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/rest/v1/" + target);
        request.Headers.Add("apikey", app.Keys.PublishableKey);
        request.Headers.Add("Prefer", "return=representation");
        if (body is not null)
        {
            request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        }
        if (profile is not null)
        {
            request.Headers.TryAddWithoutValidation(header, profile);
        }
        using HttpResponseMessage answer = await app.Http.SendAsync(request, TestContext.Current.CancellationToken);
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(status == (int)answer.StatusCode, $"{(int)answer.StatusCode} {text}");
        string? got = answer.Headers.TryGetValues("Content-Profile", out var values) ? Assert.Single(values) : null;
        Assert.Equal(echoed, got);
        Assert.Equal(expected ?? text, text);
        Assert.DoesNotContain("hidden.", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_document_at_the_root_is_that_of_the_profile()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/rest/v1/");
        request.Headers.Add("apikey", app.Keys.PublishableKey);
        request.Headers.Add("Accept-Profile", "shop");
        using HttpResponseMessage answer = await app.Http.SendAsync(request, TestContext.Current.CancellationToken);
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("\"/items\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\"/places\"", text, StringComparison.Ordinal);
    }
}
