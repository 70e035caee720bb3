// Keys on the provider's own pages, in a real browser with virtual authenticators: the page's script, the browser's WebAuthn and
// the server, for an application that is somebody else's.
using System.Globalization;
using System.Text.Json;
using Microsoft.Playwright;
using Tenon.Testing;

namespace Tenon.Browser.Tests.Provider;

public sealed class KeysForAnotherSystem(Browser browser)
{
    private const string Password = "blue-giraffe-42";

    // What an application's page does by supabase-js: signs up and adds a key.
    private const string AddKey = """
        async ([key, email, password, kind]) => {
          const call = async (path, body, token) => {
            const headers = { apikey: key, "content-type": "application/json", ...(token ? { authorization: "Bearer " + token } : {}) };
            const answer = await fetch("/auth/v1" + path, { method: "POST", headers, body: JSON.stringify(body) });
            const told = await answer.json();
            if (!answer.ok) throw new Error(path + ": " + JSON.stringify(told));
            return told;
          };
          const create = async options => (await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })).toJSON();
          const token = (await call("/signup", { email, password })).access_token;
          if (kind === "passkey") {
            const asked = await call("/passkeys/registration/options", {}, token);
            return (await call("/passkeys/registration/verify", { challenge_id: asked.challenge_id, credential: await create(asked.options) }, token)).id;
          }
          const factor = (await call("/factors", { factor_type: "webauthn", friendly_name: "Blue" }, token)).id;
          const asked = await call(`/factors/${factor}/challenge`, {}, token);
          const credential_response = await create(asked.webauthn.credential_options.publicKey);
          await call(`/factors/${factor}/verify`, { challenge_id: asked.id, webauthn: { type: "create", credential_response } }, token);
          return factor;
        }
        """;

    [Fact]
    public async Task A_passkey_signs_in_and_a_security_key_is_the_second_step()
    {
        await using var person = await browser.Visit();
        await using var other = await browser.Visit();
        var folder = Directory.CreateTempSubdirectory("tenon-keys-");
        try
        {
            Directory.CreateDirectory(Path.Combine(folder.FullName, "public"));
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "tenon.toml"), "project_id = \"keys\"\n[web]\nroot = \"public\"\n", TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "public", "index.html"), "<!doctype html><html lang=\"en\"><title>Keys</title><h1>Keys</h1></html>", TestContext.Current.CancellationToken);
            // Browsers ask for one by themselves, on the provider's pages too.
            await File.WriteAllBytesAsync(Path.Combine(folder.FullName, "public", "favicon.ico"), [], TestContext.Current.CancellationToken);
            var port = LoopbackPort.Next();
            // The name of this machine that browsers have WebAuthn for.
            var site = string.Create(CultureInfo.InvariantCulture, $"http://localhost:{port}");
            await using var server = await TenonProcess.StartDev(folder.FullName, [], TestContext.Current.CancellationToken, port, ("TENON__SERVER__PUBLIC_URL", site));
            var registered = SignInForAnotherSystem.Registering(server.Url, server.SecretKey);
            await using var app = await SecondApplication.Start(site + "/auth/v1", registered);
            await SignInByPasskey(person, app, site, server);
            await SignInByPasswordAndKey(other, app, site, server);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task Enrol(IPage page, string site, TenonProcess server, string email, string kind)
    {
        using var keys = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(server.Folder, ".tenon", "dev.json"), TestContext.Current.CancellationToken));
        await page.GotoAsync(site + "/");
        await page.EvaluateAsync<string>(AddKey, new[] { keys.RootElement.GetProperty("publishableKey").GetString()!, email, Password, kind });
    }

    private static async Task SignInByPasskey(Visit visit, SecondApplication app, string site, TenonProcess server)
    {
        var page = visit.Page;
        await using var keys = await VirtualAuthenticator.PluggedIn(page, transport: "internal", ofPerson: true);
        await Enrol(page, site, server, "pass@keys.example", "passkey");
        await page.GotoAsync(app.Url);
        await visit.Heading("Sign in", 1).WaitForAsync();
        Assert.StartsWith(site + "/auth/v1/oauth/consent", page.Url, StringComparison.Ordinal);
        await visit.Screenshot("provider-passkey");
        await visit.Button("Use a passkey").ClickAsync();
        await visit.Heading("Allow Second application?", 1).WaitForAsync();
        await visit.Button("Allow").ClickAsync();
        await Assertions.Expect(page.Locator("#who")).ToHaveTextAsync("pass@keys.example");
        visit.NothingWentWrong();
    }

    private static async Task SignInByPasswordAndKey(Visit visit, SecondApplication app, string site, TenonProcess server)
    {
        var page = visit.Page;
        await using var keys = await VirtualAuthenticator.PluggedIn(page, transport: "usb", ofPerson: false);
        await Enrol(page, site, server, "key@keys.example", "key");
        await page.GotoAsync(app.Url);
        await page.GetByLabel("E-mail address").FillAsync("key@keys.example");
        await page.GetByLabel("Password").FillAsync(Password);
        await visit.Button("Sign in").ClickAsync();
        await visit.Heading("Confirm that it is you", 1).WaitForAsync();
        await visit.Screenshot("provider-security-key");
        await visit.Button("Use your security key Blue").ClickAsync();
        await visit.Heading("Allow Second application?", 1).WaitForAsync();
        await visit.Button("Allow").ClickAsync();
        await Assertions.Expect(page.Locator("#who")).ToHaveTextAsync("key@keys.example");
        visit.NothingWentWrong();
    }
}
