using Tenon.Core.Errors;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Checking;

// Constants of the request: who calls and when. They look like calls and become ContextExpr.
internal sealed partial class TypeChecker
{
    /// <summary>The context constant this call stands for; null when it is an ordinary call.</summary>
    private Expr? BindContext(CallExpr e, Scope scope)
    {
        if (e.Schema == "auth")
        {
            return e.Arguments.IsEmpty ? AuthContext(e) : null;
        }
        if (e.Schema is not (null or "pg_catalog"))
        {
            return null;
        }
        switch (e.Name)
        {
            case "now" or "transaction_timestamp" or "statement_timestamp" when e.Arguments.IsEmpty:
                return Now(e, LogicalType.TimestampTz);
            case "current_timestamp":
                return Now(e, WithPrecision(LogicalType.TimestampTz, e));
            case "localtimestamp":
                return Now(e, WithPrecision(LogicalType.Timestamp, e));
            case "localtime" or "current_time":
                return Now(e, WithPrecision(LogicalType.Time, e));
            case "current_date":
                return Now(e, LogicalType.Date);
            case "current_user" or "session_user" when e.Arguments.IsEmpty:
                return new ContextExpr(ContextKind.CurrentUser) { Type = LogicalType.Text, At = e.At };
            case "current_setting" when e.Arguments.Length is 1 or 2:
                return Setting(e, scope);
            default:
                return null;
        }
    }

    private static ContextExpr? AuthContext(CallExpr e) =>
        e.Name switch
        {
            "uid" => new ContextExpr(ContextKind.Uid) { Type = LogicalType.Uuid, At = e.At },
            "role" => new ContextExpr(ContextKind.Role) { Type = LogicalType.Text, At = e.At },
            "email" => new ContextExpr(ContextKind.Email) { Type = LogicalType.Text, At = e.At },
            "jwt" => new ContextExpr(ContextKind.Jwt) { Type = LogicalType.Jsonb, At = e.At },
            _ => null,
        };

    private static Expr Now(CallExpr e, LogicalType type)
    {
        var now = new ContextExpr(ContextKind.Now) { Type = LogicalType.TimestampTz, At = e.At };
        return type.Equals(now.Type) ? now : Convert(now, type, CastContext.Explicit);
    }

    private static LogicalType WithPrecision(LogicalType type, CallExpr e)
    {
        if (e.Arguments.IsEmpty)
        {
            return type;
        }
        return e.Arguments is [NumberExpr number] && int.TryParse(number.Text, out int precision) && precision is >= 0 and <= 6
            ? type.WithPrecision(precision)
            : throw CheckErrors.Of(ErrorCodes.InvalidParameterValue, $"precision of {e.Name} must be between 0 and 6", e.At);
    }

    // current_setting('request.jwt.claims', true): the name has to be known here, as it decides what the text depends on.
    private ContextExpr Setting(CallExpr e, Scope scope)
    {
        Expr name = Coerce(Bind(e.Arguments[0], scope), LogicalType.Text, e.Arguments[0].At);
        if (name is not ConstantExpr { Value.IsNull: false } constant)
        {
            throw CheckErrors.NotSupported("current_setting() with a computed name", e.Arguments[0].At);
        }
        string setting = constant.Value.Text.ToLowerInvariant();
        bool missingOk = e.Arguments.Length == 2 && BindCondition(e.Arguments[1], scope, "current_setting") is ConstantExpr { Value: { IsNull: false, Boolean: true } };
        if (!missingOk && !setting.StartsWith("request.", StringComparison.Ordinal))
        {
            throw CheckErrors.Of(
                ErrorCodes.UndefinedObject,
                $"unrecognized configuration parameter \"{setting}\"",
                e.At,
                "Settings of the request begin with \"request.\"; pass true as the second argument to read NULL where there is none."
            );
        }
        return new ContextExpr(ContextKind.Setting, setting) { Type = LogicalType.Text, At = e.At };
    }
}
