using Tenon.Server.Auth.Hooks;

namespace Tenon.Server.Tests.Cli.AuthKeys;

/// <summary>Keys of hooks, three of each.</summary>
internal static class HookEffects
{
    /// <summary>Does what a hook is asked about; a word that the call holds.</summary>
    private static async Task<string> ProvokeAsync(Site site, string hook)
    {
        switch (hook)
        {
            case HookName.BeforeUserCreated:
                string fresh = Site.NewEmail();
                await site.PostAsync("/signup", new { email = fresh, password = Site.Password });
                return fresh;
            case HookName.SendSms:
                string phone = Site.NewPhone();
                await site.PostAsync("/otp", new { phone });
                return phone;
            case HookName.SendEmail:
                string email = await site.UserAsync();
                await site.PostAsync("/recover", new { email });
                return email;
            case HookName.FactorVerification:
                Told session = await site.SessionAsync();
                string token = session.Text("access_token");
                string factor = (await site.PostAsync("/factors", new { factor_type = "totp" }, token)).Text("id");
                string challenge = (await site.PostAsync($"/factors/{factor}/challenge", new { }, token)).Text("id");
                await site.PostAsync($"/factors/{factor}/verify", new { challenge_id = challenge, code = "000000" }, token);
                return factor;
            default:
                return (await site.SessionAsync()).Json.GetProperty("user").GetProperty("id").GetString()!;
        }
    }

    private static bool IsOf(Called call, string hook) => call.Path.EndsWith("/" + hook, StringComparison.Ordinal);

    private static async Task<string> AskedAsync(Site site, string hook)
    {
        string about = await ProvokeAsync(site, hook);
        // Messages are sent from the outbox: to the hook, or to the inbox.
        for (int i = 0; hook is HookName.SendEmail or HookName.SendSms && i < 2400 && site.Outside.Find(about, call => IsOf(call, hook)) is null; i++)
        {
            if ((await site.SendAsync("GET", "/dev/inbox/messages.json?to=" + Uri.EscapeDataString(about))).Json.GetArrayLength() > 0)
            {
                return "inbox";
            }
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }
        return site.Outside.Find(about, call => IsOf(call, hook)) is null ? "not asked" : "asked";
    }

    private static async Task<Called> CallAsync(Site site, string hook) => await site.Outside.CallAsync(await ProvokeAsync(site, hook), call => IsOf(call, hook));

    public static readonly Effect[] All =
    [
        .. HookName.All.SelectMany(name => (Effect[])[
            new($"hook.{name}.enabled", name.StartsWith("send_", StringComparison.Ordinal) ? "inbox" : "not asked", "asked", site => AskedAsync(site, name)) { In = "hooks a", Beside = "hooks off" },
            new($"hook.{name}.uri", $"/b/{name}", $"/a/{name}", async site => (await CallAsync(site, name)).Path) { In = "hooks a", Beside = "hooks b" },
            new($"hook.{name}.secrets", "HOOK_B", "HOOK_A", async site => (await CallAsync(site, name)).Secret) { In = "hooks a", Beside = "hooks b" },
        ]),
    ];
}
