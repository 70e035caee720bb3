using Npgsql;
using NpgsqlTypes;
using Tenon.Core.Expressions;

namespace Tenon.Sources.Postgres;

/// <summary>Which settings go in front of a request's first statement.</summary>
[Flags]
internal enum CallerShape
{
    None = 0,

    /// <summary>The claims and the role.</summary>
    Identity = 1,

    /// <summary>The transaction may not write.</summary>
    ReadOnly = 2,

    /// <summary>Method, path and headers: only where something in the database asks for them.</summary>
    Request = 4,

    /// <summary>What functions said of the answer is read behind the statement: only where something in the database says it.</summary>
    Response = 8,

    /// <summary>The zone of the session: only where the request names one.</summary>
    TimeZone = 16,

    /// <summary>The statement may last as long as a snapshot may; who holds the lease ends it before where it gives nothing.</summary>
    Long = 32,

    /// <summary>Any of those that stand in front.</summary>
    Before = Identity | TimeZone | Long,
}

/// <summary>
/// The settings that say who calls, for this transaction only: they go in front of a request's first statement, in the same
/// round trip. Functions, defaults, triggers and native policies read them.
/// </summary>
internal sealed class CallerSettings
{
    /// <summary>DECISIONS §5, in milliseconds.</summary>
    private const string LongestSnapshot = "30000";

    private readonly CallerShape shape;
    private readonly NpgsqlParameter[] parameters;

    private CallerSettings(CallerShape shape, NpgsqlParameter[] parameters)
    {
        this.shape = shape;
        this.parameters = parameters;
    }

    public static CallerSettings AddTo(NpgsqlBatch batch, CallerShape shape)
    {
        // The role last: it may not be allowed what the connection's own user is.
        List<string> names = shape.HasFlag(CallerShape.Identity) ? ["request.jwt.claims"] : [];
        names.AddRange(shape.HasFlag(CallerShape.Request) ? ["request.method", "request.path", "request.headers", "request.cookies"] : []);
        names.AddRange(shape.HasFlag(CallerShape.ReadOnly) ? ["transaction_read_only"] : []);
        names.AddRange(shape.HasFlag(CallerShape.TimeZone) ? ["timezone"] : []);
        names.AddRange(shape.HasFlag(CallerShape.Long) ? ["statement_timeout"] : []);
        names.AddRange(shape.HasFlag(CallerShape.Identity) ? ["role"] : []);
        var command = new NpgsqlBatchCommand("select " + string.Join(", ", names.Select((n, i) => $"set_config('{n}', ${i + 1}, true)")));
        NpgsqlParameter[] parameters = [.. names.Select(_ => new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Text })];
        command.Parameters.AddRange(parameters);
        batch.BatchCommands.Add(command);
        return new CallerSettings(shape, parameters);
    }

    /// <summary>Behind the statement: response.headers and response.status as they are now.</summary>
    public static void AddAnswer(NpgsqlBatch batch) => batch.BatchCommands.Add(new NpgsqlBatchCommand(Answer));

    private const string Answer = "select current_setting('response.headers', true), current_setting('response.status', true)";

    public void Set(RequestContext context, string role)
    {
        int next = 0;
        if (shape.HasFlag(CallerShape.Identity))
        {
            parameters[next++].Value = context.Jwt;
        }
        if (shape.HasFlag(CallerShape.Request))
        {
            parameters[next++].Value = context.Settings?.Invoke("request.method") ?? "";
            parameters[next++].Value = context.Settings?.Invoke("request.path") ?? "";
            parameters[next++].Value = context.Settings?.Invoke("request.headers") ?? "";
            parameters[next++].Value = context.Settings?.Invoke("request.cookies") ?? "";
        }
        if (shape.HasFlag(CallerShape.ReadOnly))
        {
            parameters[next++].Value = "on";
        }
        if (shape.HasFlag(CallerShape.TimeZone))
        {
            parameters[next++].Value = context.TimeZone!;
        }
        if (shape.HasFlag(CallerShape.Long))
        {
            parameters[next++].Value = LongestSnapshot;
        }
        if (shape.HasFlag(CallerShape.Identity))
        {
            parameters[next].Value = role;
        }
    }
}
