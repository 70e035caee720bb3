using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Expressions.Parsing;
using Tenon.Core.Policies;
using Tenon.Core.Types;
using Tenon.Sources;

namespace Tenon.Server.Store;

/// <summary>The store on the main database: its statements are parsed, checked and compiled once per catalog, and run as the owner.</summary>
internal sealed class CompiledStore(Source source, Func<Catalog> catalog, TimeProvider clock) : StoreDatabase
{
    private static readonly DateTimeOffset Epoch = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly ConditionalWeakTable<Catalog, ConcurrentDictionary<StoreStatement, Statement>> Known = [];
    private static readonly ConditionalWeakTable<Statement, CompiledStatement> Queries = [];

    public override async ValueTask<List<Datum[]>> QueryAsync(
        StoreStatement statement,
        ReadOnlyMemory<Datum> arguments,
        CancellationToken cancellation
    )
    {
        Catalog pinned = catalog();
        Statement bound = Bind(statement, pinned);
        if (bound is not SelectStatement select)
        {
            throw new InvalidOperationException($"the store statement {statement.Name} is not a query");
        }
        CompiledStatement compiled = Queries.GetValue(
            bound,
            _ => source.Compile(GuardedSelect.Bind(select.Select, new PolicyBinder(pinned, Principal.Owner)).Select)
        );
        using SourceSession session = await source.OpenAsync(true, cancellation).ConfigureAwait(false);
        return session.Rows(compiled, Arguments(arguments.Span));
    }

    public override ValueTask<T> WriteAsync<T>(Func<IStoreTransaction, T> work, CancellationToken cancellation)
    {
        long now = Now();
        return source.WriteAsync(session => work(new Transaction(session, catalog(), now)), cancellation);
    }

    private static Statement Bind(StoreStatement statement, Catalog catalog) =>
        Known.GetValue(catalog, static _ => new()).GetOrAdd(statement, static (s, c) => Check(s, c), catalog);

    // A store statement that does not compile is a mistake of ours: it names itself.
    private static Statement Check(StoreStatement statement, Catalog catalog)
    {
        Outcome<Statement> parsed = SqlParser.ParseStatement(statement.Sql);
        Outcome<Statement> bound = parsed.Failed
            ? parsed
            : new TypeChecker(catalog, new CheckOptions { ParameterTypes = statement.Parameters }).CheckStatement(parsed.Value);
        return bound.Error is { } error
            ? throw new InvalidOperationException($"the store statement {statement.Name} does not compile: {error.Message}")
            : bound.Value;
    }

    private StatementArguments Arguments(ReadOnlySpan<Datum> arguments) => Arguments(arguments, Now());

    private static StatementArguments Arguments(ReadOnlySpan<Datum> arguments, long now) =>
        new() { Slots = arguments.ToArray(), Context = new RequestContext { Now = now, CurrentUser = Principal.Owner.Role } };

    private long Now() => (clock.GetUtcNow() - Epoch).Ticks / TimeSpan.TicksPerMicrosecond;

    private sealed class Transaction(WriteSession session, Catalog catalog, long now) : IStoreTransaction
    {
        public List<Datum[]> Execute(StoreStatement statement, params ReadOnlySpan<Datum> arguments)
        {
            return session.Execute(Bind(statement, catalog), Principal.Owner, Arguments(arguments, now));
        }
    }
}
