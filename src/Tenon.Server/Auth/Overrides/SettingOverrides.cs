using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Tenon.Core.Types;
using Tenon.Server.Auth.Hooks;
using Tenon.Server.Auth.Mail;
using Tenon.Server.Auth.Mail.Templates;
using Tenon.Server.Hosting;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Overrides;

/// <summary>What lies over the files: settings by path, mail templates by name.</summary>
internal sealed record OverrideSet(ImmutableSortedDictionary<string, string> Settings, ImmutableSortedDictionary<string, string> Templates)
{
    public static readonly OverrideSet None = new(
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal),
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal)
    );

    public static OverrideSet Read(List<Datum[]> rows) =>
        new(Of(rows, "setting"), Of(rows, "template"));

    private static ImmutableSortedDictionary<string, string> Of(List<Datum[]> rows, string kind) =>
        rows.Where(row => row[0].Text == kind).ToImmutableSortedDictionary(row => row[1].Text, row => row[2].Text, StringComparer.Ordinal);

    public bool SameAs(OverrideSet other) => Settings.SequenceEqual(other.Settings) && Templates.SequenceEqual(other.Templates);
}

/// <summary>
/// Settings of sign-in and mail templates that an administrator set over the files; kept in the store, put into the options
/// that everything reads. A set is checked as a whole, as a start checks the files, before any of it holds.
/// </summary>
internal sealed class SettingOverrides(StoreDatabase store, AuthOptions options, MailTemplates templates, AuthLimits limits, ILogger<SettingOverrides> logger)
{
    private readonly Lock changing = new();

    // The options as the files made them: nothing has been put over them when this is made.
    private readonly ImmutableDictionary<string, object> files = OfFiles(options);
    private OverrideSet current = OverrideSet.None;

    public OverrideSet Current => current;

    private static ImmutableDictionary<string, object> OfFiles(AuthOptions options)
    {
        foreach (string name in MailTemplates.Names)
        {
            // Now, before anybody reads: later on the dictionary must not grow.
            options.Email.Templates.TryAdd(name, new AuthTemplateOptions());
        }
        return RuntimeSetting.All.Values.ToImmutableDictionary(s => s.Path, s => s.Get(options));
    }

    /// <summary>At the start: what is kept and cannot hold stops it, as a mistake in a file does.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        OverrideSet kept = await ReadAsync(cancellation);
        if (WhyNot(kept) is { } why)
        {
            throw new StartRefused($"a setting kept in the database (auth.overrides, set by tenon env apply) cannot hold beside these files: {why}; change the file, or delete the row of auth.overrides");
        }
        Use(kept);
    }

    /// <summary>Takes over what this or another server was told; what cannot hold here leaves all as it was.</summary>
    public async Task LoadAsync(CancellationToken cancellation)
    {
        OverrideSet kept = await ReadAsync(cancellation);
        if (kept.SameAs(current))
        {
            return;
        }
        if (WhyNot(kept) is { } why)
        {
            AuthEvents.OverridesNotTaken(logger, why);
            return;
        }
        Use(kept);
    }

    private async Task<OverrideSet> ReadAsync(CancellationToken cancellation) => OverrideSet.Read(await store.QueryAsync(OverrideSql.List, default, cancellation));

    /// <summary>Why this set cannot hold, naming the setting; null when it can.</summary>
    public string? WhyNot(OverrideSet set)
    {
        try
        {
            AuthOptions candidate = Candidate();
            foreach ((string path, object value) in files)
            {
                RuntimeSetting.All[path].Set(candidate, value);
            }
            foreach ((string path, string text) in set.Settings)
            {
                if (!RuntimeSetting.All.TryGetValue(path, out RuntimeSetting? setting))
                {
                    return $"{path} is no setting that may be changed while the server runs: it belongs into its files";
                }
                if (setting.Read(text) is not { } value)
                {
                    return $"{path} must be {setting.Wanted}, not {text}";
                }
                setting.Set(candidate, value);
            }
            if (set.Templates.Keys.FirstOrDefault(name => !MailTemplates.Names.Contains(name)) is { } unknown)
            {
                return $"there is no mail template {unknown}; there are {string.Join(", ", MailTemplates.Names)}";
            }
            AuthFeature.Validate(candidate);
            Template.Plain(candidate.Sms.Template);
            MailTemplates.Check(candidate, set.Templates);
            return options.OAuthServer.Enabled && set.Settings.ContainsKey("auth.jwt_expiry")
                ? "auth.jwt_expiry is read at the start where the server is an identity provider: set it in its files"
                : null;
        }
        catch (Exception e) when (e is InvalidOperationException or TemplateException)
        {
            return e.Message;
        }
    }

    /// <summary>Puts a checked set over the files.</summary>
    public void Use(OverrideSet set)
    {
        lock (changing)
        {
            foreach ((string path, object value) in files)
            {
                RuntimeSetting setting = RuntimeSetting.All[path];
                object wanted = set.Settings.TryGetValue(path, out string? text) ? setting.Read(text)! : value;
                if (!setting.Get(options).Equals(wanted))
                {
                    setting.Set(options, wanted);
                }
            }
            templates.Use(options, set.Templates);
            limits.Use(options.RateLimit);
            current = set;
        }
    }

    // What the checks look at besides the settings of the list.
    private AuthOptions Candidate()
    {
        var made = new AuthOptions { PublicUrl = options.PublicUrl, SiteUrl = options.SiteUrl, Development = options.Development, AppFolder = options.AppFolder };
        (made.Email.Smtp.Enabled, made.Email.Smtp.Host, made.Email.Smtp.AdminEmail, made.Email.Smtp.SenderName) =
            (options.Email.Smtp.Enabled, options.Email.Smtp.Host, options.Email.Smtp.AdminEmail, options.Email.Smtp.SenderName);
        (made.Sms.Uri, made.Sms.Secret) = (options.Sms.Uri, options.Sms.Secret);
        foreach ((string name, AuthHookOptions hook) in options.Hooks.Where(h => HookName.All.Contains(h.Key)))
        {
            made.Hooks[name] = hook;
        }
        foreach (string name in MailTemplates.Names)
        {
            made.Email.Templates[name] = new AuthTemplateOptions { ContentPath = options.Email.Templates[name].ContentPath };
        }
        return made;
    }
}
