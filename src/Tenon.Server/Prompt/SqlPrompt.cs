using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Expressions.Parsing;
using Tenon.Core.Policies;
using Tenon.Core.Types;
using Tenon.Server.Auth;
using Tenon.Sources;

namespace Tenon.Server.Prompt;

/// <summary>What a statement gave: its rows, and PostgreSQL's word for what was done (SELECT 2, INSERT 0 1).</summary>
internal sealed record PromptResult(string Tag, ImmutableArray<RowField> Columns, IReadOnlyList<Datum[]> Rows);

/// <summary>
/// Statements as somebody types them, with the rights of one caller: the same parser, type checker, policy binder and writer
/// as every request. Null as caller is the owner of the schema. Each statement is a transaction of its own.
/// </summary>
internal sealed class SqlPrompt(Source source, Func<Catalog> catalog, Caller? caller, TimeProvider clock)
{
    private static readonly DateTimeOffset Epoch = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Principal principal = caller is null ? Principal.Owner : new(caller.Role, caller.BypassesPolicies);
    private readonly RequestContext context = ContextOf(caller);

    /// <summary>Runs one statement; an error's position is an offset in the statement's text.</summary>
    public async Task<Outcome<PromptResult>> RunAsync(ScriptStatement statement, CancellationToken cancellation)
    {
        if (Refusal(statement.FirstWord) is { } refused)
        {
            return refused with { Position = 0 };
        }
        if (source.RunsTyped)
        {
            Outcome<TypedResult> typed = await source.RunTypedAsync(statement.Text, caller is null ? null : context, cancellation);
            return typed.TryGet(out TypedResult result, out Error failed) ? new PromptResult(result.Tag, result.Columns, result.Rows) : failed;
        }
        Catalog pinned = catalog();
        if (!SqlParser.ParseStatement(statement.Text).TryGet(out Statement parsed, out Error error))
        {
            return error;
        }
        var checker = new TypeChecker(pinned);
        if (!checker.CheckStatement(parsed).TryGet(out Statement bound, out error))
        {
            return error;
        }
        if (!checker.ParameterTypes.IsEmpty)
        {
            return new Error(ErrorCodes.UndefinedParameter, "there is no parameter $1", null, "Write the value itself.");
        }
        var arguments = new StatementArguments { Context = context with { Now = (clock.GetUtcNow() - Epoch).Ticks / TimeSpan.TicksPerMicrosecond } };
        try
        {
            return bound is SelectStatement select && !Writes(select.Select)
                ? await ReadAsync(select.Select, pinned, arguments, cancellation)
                : await WriteAsync(bound, arguments, cancellation);
        }
        catch (TenonException failure)
        {
            return failure.Error;
        }
    }

    private async Task<PromptResult> ReadAsync(Select select, Catalog pinned, StatementArguments arguments, CancellationToken cancellation)
    {
        if (FunctionsThatMayWrite.In(select, pinned))
        {
            if (RoutineCall.Find(select, pinned, principal) is not { } call)
            {
                return await WriteAsync(new SelectStatement(select), arguments, cancellation);
            }
            // A function alone runs by itself, as behind /rpc.
            List<Datum[]> called = await source.WriteAsync(session => call.Run(session, principal, arguments), Needs(arguments), cancellation);
            return new PromptResult(Tag("SELECT", called.Count), select.Output, called);
        }
        CompiledStatement compiled = source.Compile(GuardedSelect.Bind(select, new PolicyBinder(pinned, principal)).Select);
        using SourceSession reading = await source.OpenAsync(Needs(arguments) with { Single = true }, cancellation);
        List<Datum[]> rows = reading.Rows(compiled, arguments);
        return new PromptResult(Tag("SELECT", rows.Count), select.Output, rows);
    }

    private async Task<PromptResult> WriteAsync(Statement bound, StatementArguments arguments, CancellationToken cancellation)
    {
        (List<Datum[]> rows, long count) = await source.WriteAsync(
            session =>
            {
                List<Datum[]> answered = session.Execute(bound, principal, arguments);
                return (answered, session.LastCount);
            },
            Needs(arguments),
            cancellation
        );
        string tag = bound switch
        {
            InsertStatement => Tag("INSERT 0", count),
            UpdateStatement => Tag("UPDATE", count),
            DeleteStatement => Tag("DELETE", count),
            _ => Tag("SELECT", count),
        };
        return new PromptResult(tag, TypeChecker.OutputOf(bound), rows);
    }

    private static SessionNeeds Needs(StatementArguments arguments) => new(false, arguments.Context);

    private static bool Writes(Select select) => select.With.Any(w => w.Body is not SelectStatement);

    private static string Tag(string word, long count) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{word} {count}");

    // What PostgreSQL's psql takes and this prompt does not, by its first word.
    private static Error? Refusal(string word) =>
        word switch
        {
            "create" or "alter" or "drop" or "grant" or "revoke" or "comment" or "truncate" or "reindex" => Refusals.NotSupported(
                $"{word.ToUpperInvariant()} at the prompt",
                "The schema changes by migrations: write it into a new file made with: tenon migrate new NAME"
            ),
            "begin" or "start" or "commit" or "end" or "rollback" or "abort" or "savepoint" or "release" => Refusals.NotSupported(
                $"{word.ToUpperInvariant()} at the prompt",
                "Every statement is a transaction of its own; several writes in one: WITH, or a function."
            ),
            "set" or "reset" or "show" or "copy" or "explain" or "vacuum" or "analyze" or "do" or "call" or "listen" or "notify" or "lock" =>
                Refusals.NotSupported($"{word.ToUpperInvariant()} at the prompt"),
            _ => null,
        };

    private static RequestContext ContextOf(Caller? caller) =>
        caller is null
            ? new RequestContext { Now = 0, CurrentUser = Principal.Owner.Role }
            : new RequestContext
            {
                Now = 0,
                CurrentUser = caller.Role,
                Uid = caller.UserIdText,
                Role = caller.Role.Text,
                Email = caller.Email,
                Jwt = TypeInput.ParseJson(caller.ClaimsJson, binary: true).Value.Text,
                Settings = name => name switch
                {
                    "role" or "request.jwt.claim.role" => caller.Role.Text,
                    "request.jwt.claim.sub" => caller.UserIdText,
                    "request.jwt.claim.email" => caller.Email,
                    _ => null,
                },
            };
}
