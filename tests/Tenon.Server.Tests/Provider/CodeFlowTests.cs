using System.Net;
using System.Text.Json;
using Tenon.Server.Tests.Auth;

namespace Tenon.Server.Tests.Provider;

/// <summary>Signing in through the provider: the authorization code grant with PKCE, from the client's link to its tokens.</summary>
public sealed class CodeFlowTests
{
    [Fact]
    public async Task A_client_gets_tokens_for_a_user_who_signed_in_and_allowed_it()
    {
        await using ProviderHost host = await ProviderHost.OnSqliteAsync();
        await FlowAsync(host);
    }

    [Fact]
    public async Task The_same_holds_on_PostgreSQL()
    {
        await using ProviderHost host = await ProviderHost.OnPostgresAsync();
        await FlowAsync(host);
    }

    private static async Task FlowAsync(ProviderHost host)
    {
        (string user, _) = await host.SignUpAsync("ada@example.test");
        TestClient client = await host.ClientAsync();
        var visitor = new Visitor(host);

        Answer signIn = await visitor.AuthorizeAsync(client, ("nonce", "the-nonce"));
        Assert.Equal(HttpStatusCode.OK, signIn.Status);
        Answer consent = await visitor.SignInAsync(signIn, "ada@example.test");
        Assert.Contains("Allow Shop?", consent.Body, StringComparison.Ordinal);
        Answer back = await visitor.SubmitAsync(consent, "/consent", ("action", "approve"));
        Assert.Equal(HttpStatusCode.SeeOther, back.Status);
        Assert.StartsWith(ProviderHost.Redirect + "?", back.Header("Location"), StringComparison.Ordinal);
        Assert.Equal("the-state", Visitor.Parameter(back, "state"));
        Assert.Equal(ProviderHost.Issuer, Visitor.Parameter(back, "iss"));

        TokenAnswer tokens = await host.RedeemAsync(client, Visitor.Parameter(back, "code")!);
        Assert.True(tokens.Ok, tokens.Answer.Body);
        JsonElement id = tokens.IdClaims;
        Assert.Equal((user, client.Id, "the-nonce", "ada@example.test"), (id.GetProperty("sub").GetString(), id.GetProperty("aud").GetString(), id.GetProperty("nonce").GetString(), id.GetProperty("email").GetString()));
        JsonElement access = tokens.AccessClaims;
        Assert.Equal((user, client.Id, "authenticated"), (access.GetProperty("sub").GetString(), access.GetProperty("client_id").GetString(), access.GetProperty("role").GetString()));

        Answer info = await host.UserInfoAsync(tokens.Access);
        Assert.Equal((user, "ada@example.test", "Ada Lovelace"), (info.Text("sub"), info.Text("email"), info.Text("name")));
        TokenAnswer refreshed = await host.RefreshAsync(client, tokens.Refresh);
        Assert.True(refreshed.Ok, refreshed.Answer.Body);
        Assert.Equal(access.GetProperty("session_id").GetString(), refreshed.AccessClaims.GetProperty("session_id").GetString());
    }
}
