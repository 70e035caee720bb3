using System.Collections.Immutable;
using System.Text;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Policies;
using Tenon.Core.Sql;
using Tenon.Core.Types;
using Tenon.Sources.Postgres.Writing;

namespace Tenon.Sources.Postgres;

/// <summary>PostgreSQL as a source. <paramref name="enforcements"/> says who may enforce policies here, in the order to try.</summary>
internal sealed class PostgresSource(PostgresPool pool, ImmutableArray<Enforcement> enforcements) : Source
{
    private const int Attempts = 3;

    public override ImmutableArray<Enforcement> Enforcements => enforcements;

    public override bool RunsFunctions => true;

    public override bool RunsTyped => true;

    public override Task<Outcome<TypedResult>> RunTypedAsync(string sql, RequestContext? caller, CancellationToken cancellation) =>
        TypedStatement.RunAsync(pool, sql, caller, cancellation);

    public override CompiledStatement Compile(Select select) => PostgresDialect.Compile(select);

    public override CompiledStatement Compile(ReadUnit unit) => PostgresDialect.Compile(PostgresPerParent.Of(unit));

    public override CompiledStatement? CompileInline(ReadUnit unit) =>
        PostgresInline.Of(unit) is { } inlined ? PostgresDialect.Compile(inlined) : null;

    public override CompiledWrite CompileWrite(GuardedWrite write, InsertOptions options, ReadUnit? representation) =>
        PostgresWrite.Compile(write, options, representation, this);

    public override CompiledStatement CompileOwn(Statement bound, string sql, ImmutableArray<LogicalType> parameters, Catalog catalog)
    {
        SqlParameter[] own =
        [
            .. parameters.Select((type, slot) => new SqlParameter(new ParameterExpr(slot) { Type = type }, type, ParameterForm.Plain, 0)),
        ];
        LogicalType[] columns = [.. Core.Expressions.Checking.TypeChecker.OutputOf(bound).Select(f => f.Type)];
        return new PostgresCompiled(new SqlText(sql, own), columns, [.. columns.Select(Form)]);
    }

    public override bool EstimatesRows => true;

    public override ImmutableArray<string>? PlanWords => ExplainOptions.Known;

    // A plan in JSON is an array of one.
    public override string PlanOf(List<Datum[]> rows, ExplainOptions options) =>
        options.Json ? rows[0][0].Text.Trim()[1..^1] : string.Join('\n', rows.Select(line => line[0].Text));

    public override CompiledStatement Explain(CompiledStatement statement, ExplainOptions options) => Explained(statement, options);

    public static PostgresCompiled Explained(CompiledStatement statement, ExplainOptions options)
    {
        var text = new StringBuilder("explain (").AppendJoin(", ", options.Words.Where(ExplainOptions.Known.Contains).Append(options.Json ? "format json" : "format text"));
        return new PostgresCompiled(new SqlText(text.Append(") ").Append(statement.Text).ToString(), statement.Parameters), [LogicalType.Text], [ValueForm.Text]);
    }

    public override ValueForm FormOf(LogicalType type) => Form(type);

    public static ValueForm Form(LogicalType type) =>
        type.Kind switch
        {
            TypeKind.Boolean => ValueForm.Boolean,
            TypeKind.Int2 or TypeKind.Int4 or TypeKind.Int8 => ValueForm.Integer,
            TypeKind.Numeric => ValueForm.NumericText,
            TypeKind.Float4 => ValueForm.Single,
            TypeKind.Float8 => ValueForm.Double,
            TypeKind.Uuid => ValueForm.PlainText,
            TypeKind.Date => ValueForm.Date,
            TypeKind.Time => ValueForm.Time,
            TypeKind.Timestamp => ValueForm.Timestamp,
            TypeKind.TimestampTz => ValueForm.TimestampTz,
            TypeKind.Json or TypeKind.Jsonb or TypeKind.Array or TypeKind.Record => ValueForm.Json,
            TypeKind.Text when type.ShownAsJson => ValueForm.Json,
            TypeKind.Bytea => ValueForm.Bytea,
            TypeKind.Void => ValueForm.Void,
            // An interval too: its text is PostgreSQL's already.
            _ => ValueForm.Text,
        };

    public override async ValueTask<SourceSession> OpenAsync(SessionNeeds needs, CancellationToken cancellation) =>
        new PostgresSession(await PostgresLease.RentAsync(pool, needs, writes: false, cancellation).ConfigureAwait(false));

    public override async ValueTask<T> WriteAsync<T>(Func<WriteSession, T> work, SessionNeeds needs, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            using PostgresLease lease = await PostgresLease.RentAsync(pool, needs, writes: true, cancellation).ConfigureAwait(false);
            try
            {
                var session = new PostgresWriteSession(lease);
                await (needs.Start?.Invoke(session) ?? ValueTask.CompletedTask).ConfigureAwait(false);
                T result = work(session);
                lease.Commit();
                return result;
            }
            catch (Exception failure) when (attempt < Attempts && PostgresErrors.IsRetried(failure))
            {
                // The unit lost against another one and is undone: it runs again from the start.
            }
        }
    }
}
