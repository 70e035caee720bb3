using System.Collections.Concurrent;
using System.Collections.Immutable;
using MySqlConnector;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Planning;
using Tenon.Core.Policies;
using Tenon.Core.Sql;
using Tenon.Core.Types;
using Tenon.Server.Tests.MariaDb;
using Tenon.Sources;
using Tenon.Sources.MySql;

namespace Tenon.Server.Tests.Oracles;

/// <summary>
/// An attached MariaDB whose tables and policies.sql change while the server runs, as if it had been started anew each time:
/// behind it stands a whole <see cref="AttachedDatabase"/> of the product per setting.
/// </summary>
internal sealed class SwappedDatabase : AttachedDatabase
{
    private readonly AttachedOptions options;
    private AttachedDatabase current;

    /// <summary>timeout: of a statement, where it is not the usual one.</summary>
    public SwappedDatabase(string name, string url, TimeSpan? timeout = null)
    {
        Name = name;
        options = new AttachedOptions(name, url) { Writable = true };
        options = timeout is { } given ? options with { Timeout = given } : options;
        current = AttachedMariaDb.Engines.Open(options).Value;
        Source = new Swapped(this);
    }

    public override string Name { get; }

    /// <summary>Texts of the reads compiled so far.</summary>
    public ConcurrentQueue<string> Compiled { get; } = [];

    public override Source Source { get; }

    public static string SettingsOf(string url) => MySqlUrl.Read(new AttachedOptions("crm", url)).Value.ConnectionString;

    /// <summary>What is wrong with the policies, or null.</summary>
    public async Task<string?> SwapAsync(string policies)
    {
        Outcome<AttachedDatabase> next = AttachedMariaDb.Engines.Open(options with { Policies = policies });
        if (next.Error is { } error)
        {
            return $"{error.Code.Text}: {error.Message}";
        }
        try
        {
            await next.Value.CatalogAsync(CancellationToken.None);
        }
        catch (AttachedRefused refused)
        {
            return $"{refused.Error.Code.Text}: {refused.Error.Message}";
        }
        await current.DisposeAsync();
        current = next.Value;
        return null;
    }

    public override ValueTask<Catalog> CatalogAsync(CancellationToken cancellation) => current.CatalogAsync(cancellation);

    public override Task<AttachedReport> ReportAsync(CancellationToken cancellation) => current.ReportAsync(cancellation);

    public override ValueTask DisposeAsync() => current.DisposeAsync();

    private sealed class Swapped(SwappedDatabase database) : Source
    {
        private Source Now => database.current.Source;

        public override ImmutableArray<Enforcement> Enforcements => Now.Enforcements;

        public override bool RunsFunctions => Now.RunsFunctions;

        public override CompiledStatement Compile(Select select) => Now.Compile(select);

        public override CompiledStatement Compile(ReadUnit unit)
        {
            CompiledStatement statement = Now.Compile(unit);
            database.Compiled.Enqueue(statement.Text);
            return statement;
        }

        public override CompiledWrite CompileWrite(GuardedWrite write, InsertOptions options, ReadUnit? representation) =>
            Now.CompileWrite(write, options, representation);

        public override CompiledStatement CompileOwn(Statement bound, string sql, ImmutableArray<LogicalType> parameters, Catalog catalog) =>
            Now.CompileOwn(bound, sql, parameters, catalog);

        public override ValueForm FormOf(LogicalType type) => Now.FormOf(type);

        public override ValueTask<SourceSession> OpenAsync(SessionNeeds needs, CancellationToken cancellation) => Now.OpenAsync(needs, cancellation);

        public override ValueTask<T> WriteAsync<T>(Func<WriteSession, T> work, SessionNeeds needs, CancellationToken cancellation) =>
            Now.WriteAsync(work, needs, cancellation);
    }
}
