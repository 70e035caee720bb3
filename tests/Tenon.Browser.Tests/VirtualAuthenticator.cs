using System.Text.Json;
using Microsoft.Playwright;

namespace Tenon.Browser.Tests;

/// <summary>An authenticator that Chromium itself plays, touched as soon as it is asked (CDP, domain WebAuthn).</summary>
internal sealed class VirtualAuthenticator : IAsyncDisposable
{
    private readonly ICDPSession _session;
    private readonly string _id;

    private VirtualAuthenticator(ICDPSession session, string id) => (_session, _id) = (session, id);

    /// <summary>Of a person: keeps keys by itself and verifies its user, as telephones and computers do; else a plain security key.</summary>
    public static async Task<VirtualAuthenticator> PluggedIn(IPage page, string transport, bool ofPerson)
    {
        var session = await page.Context.NewCDPSessionAsync(page);
        await session.SendAsync("WebAuthn.enable");
        var options = new Dictionary<string, object>
        {
            ["protocol"] = "ctap2",
            ["transport"] = transport,
            ["hasResidentKey"] = ofPerson,
            ["hasUserVerification"] = ofPerson,
            ["isUserVerified"] = ofPerson,
            ["automaticPresenceSimulation"] = true,
        };
        var added = await session.SendAsync("WebAuthn.addVirtualAuthenticator", new() { ["options"] = options });
        return new VirtualAuthenticator(session, added!.Value.GetProperty("authenticatorId").GetString()!);
    }

    public async Task<JsonElement[]> Credentials()
    {
        var answer = await _session.SendAsync("WebAuthn.getCredentials", new() { ["authenticatorId"] = _id });
        return [.. answer!.Value.GetProperty("credentials").EnumerateArray()];
    }

    public async ValueTask DisposeAsync() => await _session.DetachAsync();
}
