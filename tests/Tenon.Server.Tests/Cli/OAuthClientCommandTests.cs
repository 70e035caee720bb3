using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Tenon.Server.Tests.Cli;

/// <summary>oauth-client as a shell runs it; what it prints is proved at the token endpoint of the running server.</summary>
public sealed class OAuthClientCommandTests
{
    [Fact]
    public async Task A_client_is_made_listed_given_a_new_secret_and_deleted_under_a_running_server()
    {
        await using CommandApp app = await CommandApp.MakeAsync();
        await File.AppendAllTextAsync(
            Path.Combine(app.Folder, "tenon.toml"),
            "\n[auth.oauth_server]\nenabled = true\n",
            TestContext.Current.CancellationToken
        );
        await app.StartServerAsync();
        JsonElement made = (await app.RunAsync("oauth-client", "create", "Nightly import", "--grant", "client_credentials", "--json")).Json;
        string id = made.GetProperty("client_id").GetString()!;
        string secret = made.GetProperty("client_secret").GetString()!;
        Assert.Equal(HttpStatusCode.OK, await TokenAsync(app, id, secret));

        CommandRun listed = await app.RunAsync("oauth-client", "list");
        Assert.Contains(id, listed.Output, StringComparison.Ordinal);
        Assert.Contains("Nightly import", listed.Output, StringComparison.Ordinal);
        CommandRun shown = await app.RunAsync("oauth-client", "show", id);
        Assert.Equal("Nightly import", shown.Json.GetProperty("client_name").GetString());
        Assert.DoesNotContain(secret, listed.Output + shown.Output, StringComparison.Ordinal);

        string second = (await app.RunAsync("oauth-client", "rotate", id)).Json.GetProperty("client_secret").GetString()!;
        Assert.Equal(HttpStatusCode.Unauthorized, await TokenAsync(app, id, secret));
        Assert.Equal(HttpStatusCode.OK, await TokenAsync(app, id, second));

        Assert.Equal($"{id} deleted", (await app.RunAsync("oauth-client", "delete", id)).Output.Trim());
        Assert.Equal(HttpStatusCode.Unauthorized, await TokenAsync(app, id, second));
        Assert.Empty((await app.RunAsync("oauth-client", "list", "--json")).Json.EnumerateArray());
        CommandRun gone = await app.RunAsync("oauth-client", "show", id);
        Assert.Equal(1, gone.Code);
        Assert.StartsWith("tenon: ", gone.Errors, StringComparison.Ordinal);
    }

    private static async Task<HttpStatusCode> TokenAsync(CommandApp app, string id, string secret)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, app.Url + "/auth/v1/oauth/token");
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{id}:{secret}")));
        request.Content = new FormUrlEncodedContent([new("grant_type", "client_credentials")]);
        using HttpResponseMessage answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
