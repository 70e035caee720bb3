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
internal sealed class CompiledStore(Source source, Func<Catalog> currentCatalog, TimeProvider clock) : StoreDatabase
{
    private readonly Func<Catalog> catalog = currentCatalog;
    private static readonly DateTimeOffset Epoch = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly ConditionalWeakTable<Catalog, ConcurrentDictionary<StoreStatement, CompiledStatement>> Known = [];

    public override async ValueTask<List<Datum[]>> QueryAsync(
        StoreStatement statement,
        ReadOnlyMemory<Datum> arguments,
        CancellationToken cancellation
    )
    {
        CompiledStatement compiled = Compile(statement, catalog());
        try
        {
            using SourceSession session = await source.OpenAsync(new SessionNeeds(true), cancellation).ConfigureAwait(false);
            StatementArguments given = Arguments(arguments.Span);
            await session.StartAsync(compiled, given).ConfigureAwait(false);
            return session.Rows(compiled, given);
        }
        catch (SourceException failure)
        {
            throw new TenonException(failure.ToError(), failure);
        }
    }

    protected override async ValueTask<T> RunAsync<T>(Func<IStoreTransaction, T> work, CancellationToken cancellation)
    {
        long now = Now();
        try
        {
            return await source.WriteAsync(session => work(new Transaction(this, session, now)), new SessionNeeds(false), cancellation).ConfigureAwait(false);
        }
        catch (SourceException failure)
        {
            // Outside the unit: the engine decides by its own exception whether it runs the unit again.
            throw new TenonException(failure.ToError(), failure);
        }
    }

    public override ValueTask<string?> CallAsync(string schema, string function, string json, CancellationToken cancellation)
    {
        Routine routine =
            catalog().Routines.GetValueOrDefault(new QualifiedName(schema, function)) is { IsDefaultOrEmpty: false } known
            && known.FirstOrDefault(r => r.Parameters is [{ Type.Kind: TypeKind.Jsonb }] && r.Result.Kind == TypeKind.Jsonb && !r.ReturnsSet) is { } found
                ? found
                : throw new InvalidOperationException($"there is no function {schema}.{function}(jsonb) returns jsonb");
        StatementArguments arguments = Arguments(default);
        return source.WriteAsync(
            session => session.Call(routine, [Datum.Of(json)], Principal.Owner, arguments) is [[var value, ..], ..] ? value.TextOrNull() : null,
            new SessionNeeds(false, arguments.Context),
            cancellation
        );
    }

    private CompiledStatement Compile(StoreStatement statement, Catalog pinned) =>
        Known
            .GetValue(pinned, static _ => new())
            .GetOrAdd(statement, static (s, key) => Compile(s, key.Source, key.Catalog), (Source: source, Catalog: pinned));

    // A store statement that does not compile is a mistake of ours: it names itself.
    private static CompiledStatement Compile(StoreStatement statement, Source source, Catalog catalog)
    {
        Outcome<Statement> parsed = SqlParser.ParseStatement(statement.Sql);
        Outcome<Statement> bound = parsed.Failed
            ? parsed
            : new TypeChecker(catalog, new CheckOptions { ParameterTypes = statement.Parameters }).CheckStatement(parsed.Value);
        return bound.Error is { } error
            ? throw new InvalidOperationException($"the store statement {statement.Name} does not compile: {error.Message}")
            : source.CompileOwn(bound.Value, statement.Sql, statement.Parameters, catalog);
    }

    private StatementArguments Arguments(ReadOnlySpan<Datum> arguments) => Arguments(arguments, Now());

    private static StatementArguments Arguments(ReadOnlySpan<Datum> arguments, long now) =>
        new() { Slots = arguments.ToArray(), Context = new RequestContext { Now = now, CurrentUser = Principal.Owner.Role } };

    private long Now() => (clock.GetUtcNow() - Epoch).Ticks / TimeSpan.TicksPerMicrosecond;

    private sealed class Transaction(CompiledStore store, WriteSession session, long now) : IStoreTransaction
    {
        private readonly Catalog pinned = store.catalog();

        public List<Datum[]> Execute(StoreStatement statement, params ReadOnlySpan<Datum> arguments) =>
            session.Execute(store.Compile(statement, pinned), Arguments(arguments, now));
    }
}
