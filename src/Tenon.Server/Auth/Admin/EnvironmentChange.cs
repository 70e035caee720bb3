using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Tenon.Core.Catalog;
using Tenon.Core.Codegen;
using Tenon.Core.Errors;
using Tenon.Core.Policies;
using Tenon.Core.Schema;
using Tenon.Core.Schema.Parsing;
using Tenon.Core.Types;
using Tenon.Server.Auth.Audit;
using Tenon.Server.Auth.Overrides;
using Tenon.Server.Hosting;
using Tenon.Server.Store;
using Tenon.Sources;

namespace Tenon.Server.Auth.Admin;

/// <summary>What another environment asks this one to become, planned on the state named by Base. Null gives a setting or template back to the files, and takes a provider away.</summary>
internal sealed record EnvironmentRequest(
    string Base,
    ImmutableDictionary<string, string?> Settings,
    ImmutableDictionary<string, string?> Templates,
    ImmutableDictionary<string, JsonElement?> Providers,
    ImmutableArray<string> Access,
    ImmutableArray<string> Allow
);

/// <summary>
/// Takes a change over as a whole or not at all. Statements of access rules are read and printed anew from the catalog they
/// lead to: nothing but rules on the app's own tables and functions comes out, whatever was written.
/// </summary>
internal sealed class EnvironmentChange(
    MainDatabase database,
    StoreDatabase store,
    EnvironmentSnapshot snapshot,
    SettingOverrides overrides,
    AdminProviders providers,
    Func<Catalog, ImmutableArray<OpenTable>> openTables,
    TimeProvider clock
)
{
    private static readonly Catalog Own = StoreMigrations.Catalog();
    private readonly SemaphoreSlim one = new(1, 1);

    /// <summary>The name of the state that it made.</summary>
    public async Task<string> ApplyAsync(EnvironmentRequest request, ClientInfo client, CancellationToken cancellation)
    {
        await one.WaitAsync(cancellation);
        try
        {
            EnvironmentSnapshot.Seen seen = await snapshot.SeeAsync(cancellation);
            if (seen.Base != request.Base)
            {
                throw AuthErrors.EnvironmentChanged.ToException();
            }
            OverrideSet over = new(With(seen.Over.Settings, request.Settings), With(seen.Over.Templates, request.Templates));
            if (overrides.WhyNot(over) is { } why)
            {
                throw AuthErrors.ValidationFailed(why).ToException();
            }
            ImmutableArray<AccessStep> steps = AccessOf(request);
            ImmutableArray<ProviderWrite> written = await ProvidersOfAsync(request, cancellation);
            AuditEntry entry = AuditEntry.Of("environment_modified", null, AuditEntry.Service, client, clock) with
            {
                Changed = [.. request.Settings.Keys, .. request.Templates.Keys.Select(t => "template " + t), .. written.Select(p => "provider " + p.Identifier), .. steps.Select(s => s.Key)],
            };
            await (
                steps.IsEmpty
                    ? WriteAsync(request, written, seen.Revision + 1, entry, cancellation)
                    : MigrateAsync(request, written, steps, seen.Revision + 1, entry, cancellation)
            );
            await overrides.LoadAsync(CancellationToken.None);
            return (await snapshot.SeeAsync(CancellationToken.None)).Base;
        }
        finally
        {
            one.Release();
        }
    }

    private static ImmutableSortedDictionary<string, string> With(ImmutableSortedDictionary<string, string> now, ImmutableDictionary<string, string?> asked) =>
        now.RemoveRange(asked.Keys).AddRange(asked.Where(a => a.Value is not null).Select(a => KeyValuePair.Create(a.Key, a.Value!)));

    // Without access rules it is one unit of the store, its line of the audit log included.
    private async Task WriteAsync(EnvironmentRequest request, ImmutableArray<ProviderWrite> written, long revision, AuditEntry entry, CancellationToken cancellation)
    {
        DateTimeOffset now = StoreTime.Now(clock);
        try
        {
            await store.WriteAsync(
                unit =>
                {
                    unit.Execute(OverrideSql.TakeRevision, Datum.Of(revision), Datum.Of("[]"), StoreValues.Of(now));
                    foreach ((string kind, string name, string? value) in Entries(request))
                    {
                        unit.Execute(OverrideSql.Delete, Datum.Of(kind), Datum.Of(name));
                        if (value is not null)
                        {
                            unit.Execute(OverrideSql.Insert, Datum.Of(kind), Datum.Of(name), Datum.Of(value), StoreValues.Of(now));
                        }
                    }
                    foreach (ProviderWrite provider in written)
                    {
                        provider.Write(unit);
                    }
                    entry.Write(unit);
                    return true;
                },
                cancellation
            );
        }
        catch (TenonException e) when (e.Error.Code == ErrorCodes.UniqueViolation)
        {
            throw AuthErrors.EnvironmentChanged.ToException();
        }
    }

    // Judged and sealed before anything is written; an issuer is asked for its discovery document as ever.
    private async Task<ImmutableArray<ProviderWrite>> ProvidersOfAsync(EnvironmentRequest request, CancellationToken cancellation)
    {
        ImmutableArray<ProviderWrite>.Builder written = ImmutableArray.CreateBuilder<ProviderWrite>(request.Providers.Count);
        foreach ((string identifier, JsonElement? body) in request.Providers.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            written.Add(await providers.PrepareAsync(identifier, body, cancellation));
        }
        return written.MoveToImmutable();
    }

    private static IEnumerable<(string Kind, string Name, string? Value)> Entries(EnvironmentRequest request) =>
        request.Settings.Select(s => ("setting", s.Key, s.Value)).Concat(request.Templates.Select(t => ("template", t.Key, t.Value)));

    // With access rules all of it is one recorded migration. The log is told before, so that no change goes without a line of
    // it; a refused one leaves a second.
    private async Task MigrateAsync(EnvironmentRequest request, ImmutableArray<ProviderWrite> written, ImmutableArray<AccessStep> steps, long revision, AuditEntry entry, CancellationToken cancellation)
    {
        await LogAsync(entry, cancellation);
        string text = EnvironmentScript.Of(steps, revision, Entries(request), written.Select(p => p.Script()));
        DateTimeOffset now = StoreTime.Now(clock);
        // Begun, it is finished: whoever asked may have gone.
        Error? refused = await database.ApplyAsync(VersionOf(now), "environment", text, StoreValues.Of(now).Integer, CancellationToken.None);
        if (refused is null)
        {
            return;
        }
        await LogAsync(entry with { Id = Guid.CreateVersion7(now), Action = "environment_modification_refused", At = now, Salt = AuditHash.NewSalt() }, CancellationToken.None);
        throw refused.Code == ErrorCodes.UniqueViolation ? AuthErrors.EnvironmentChanged.ToException()
            : refused.Code.Status < 500 ? AuthErrors.ValidationFailed($"{refused.Message}; nothing was changed").ToException()
            : new TenonException(refused);
    }

    private ValueTask<bool> LogAsync(AuditEntry entry, CancellationToken cancellation) =>
        store.WriteAsync(
            unit =>
            {
                entry.Write(unit);
                return true;
            },
            cancellation
        );

    public static string VersionOf(DateTimeOffset now) => string.Create(CultureInfo.InvariantCulture, $"{SchemaFiles.Own}env:{now:yyyyMMddHHmmssffffff}");

    // ---- access rules ----

    private ImmutableArray<AccessStep> AccessOf(EnvironmentRequest request)
    {
        if (request.Access.IsEmpty)
        {
            return [];
        }
        Outcome<ImmutableArray<SchemaStatement>> parsed = SchemaParser.ParseScript(string.Join('\n', request.Access));
        if (parsed.Error is { } wrong)
        {
            throw Refused(wrong.Message);
        }
        if (parsed.Value.Select(WhyNot).FirstOrDefault(why => why is not null) is { } no)
        {
            throw Refused(no);
        }
        Catalog now = database.Catalog;
        Outcome<SchemaChange> change = SchemaBuilder.Apply(now, parsed.Value);
        if (change.Error is { } refused)
        {
            throw Refused($"{refused.Message}; bring the migrations of this server up to those of the other first");
        }
        ImmutableArray<AccessStep> steps = [.. AccessSteps.Between(AccessRules.Of(change.Value.Catalog, Own), AccessRules.Of(now, Own))];
        if (steps.FirstOrDefault(s => s.Action == "remove" && !request.Allow.Contains(s.Key)) is { } unnamed)
        {
            throw Refused($"it would remove {unnamed.Key}, which \"allow\" does not name");
        }
        HashSet<string> before = [.. openTables(now).Select(t => t.ToString())];
        return openTables(change.Value.Catalog).FirstOrDefault(t => !before.Contains(t.ToString())) is { } open
            ? throw Refused($"{open}: this server would not start again; {open.Mend} or list it in [api] open of its files")
            : steps;
    }

    private static AuthException Refused(string why) => AuthErrors.ValidationFailed("\"access\": " + why).ToException();

    /// <summary>Why a statement is none that may come from elsewhere; null when it may.</summary>
    private static string? WhyNot(SchemaStatement statement) =>
        statement switch
        {
            CreateRole => null,
            CreatePolicy policy => OfApp(policy.Table) ?? OfRoles(policy.Roles),
            DropObject { Kind: ObjectKind.Policy, On: { } table } => OfApp(table),
            DropObject { Kind: ObjectKind.Role } => "a role is dropped by hand: it may be used beyond this database",
            AlterTable alter when alter.Actions.All(a => a is SetRowSecurity or SetForceRowSecurity) => OfApp(alter.Name),
            GrantTables { AllInSchema: false } grant => grant.Tables.Select(OfApp).FirstOrDefault(why => why is not null) ?? OfRoles(grant.Roles),
            GrantFunctions { AllInSchema: false } grant => grant.Functions.Select(f => OfApp(f.Name)).FirstOrDefault(why => why is not null) ?? OfRoles(grant.Roles),
            _ => "only roles, row security, policies and grants of single tables and functions come from another environment",
        };

    private static string? OfApp(QualifiedName name) =>
        (Own.Schemas.Contains(name.Schema) && name.Schema != "public") || name.Schema is "tenon" or "pg_catalog" or "information_schema"
            ? $"{name} is not the app's"
            : null;

    private static string? OfRoles(ImmutableArray<RoleName> roles) =>
        roles.Contains(RoleName.Service) ? $"{RoleName.Service.Text} stands above the rules: nothing is granted to it or taken from it" : null;
}
