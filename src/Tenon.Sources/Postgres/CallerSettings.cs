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
}

/// <summary>
/// The settings that say who calls, for this transaction only: they go in front of a request's first statement, in the same
/// round trip. Functions, defaults, triggers and native policies read them.
/// </summary>
internal sealed class CallerSettings
{
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
        List<string> names = ["request.jwt.claims"];
        names.AddRange(shape.HasFlag(CallerShape.Request) ? ["request.method", "request.path", "request.headers"] : []);
        names.AddRange(shape.HasFlag(CallerShape.ReadOnly) ? ["transaction_read_only"] : []);
        names.Add("role");
        var command = new NpgsqlBatchCommand("select " + string.Join(", ", names.Select((n, i) => $"set_config('{n}', ${i + 1}, true)")));
        NpgsqlParameter[] parameters = [.. names.Select(_ => new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Text })];
        command.Parameters.AddRange(parameters);
        batch.BatchCommands.Add(command);
        return new CallerSettings(shape, parameters);
    }

    public void Set(RequestContext context, string role)
    {
        int next = 0;
        parameters[next++].Value = context.Jwt;
        if (shape.HasFlag(CallerShape.Request))
        {
            parameters[next++].Value = context.Settings?.Invoke("request.method") ?? "";
            parameters[next++].Value = context.Settings?.Invoke("request.path") ?? "";
            parameters[next++].Value = context.Settings?.Invoke("request.headers") ?? "";
        }
        if (shape.HasFlag(CallerShape.ReadOnly))
        {
            parameters[next++].Value = "on";
        }
        parameters[next].Value = role;
    }
}
