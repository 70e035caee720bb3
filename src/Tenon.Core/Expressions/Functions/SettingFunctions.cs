using Tenon.Core.Errors;
using Tenon.Core.Types;
using static Tenon.Core.Expressions.Functions.Define;

namespace Tenon.Core.Expressions.Functions;

// set_config: what it sets is kept by the session that runs it; in memory it is only its own answer.
internal static class SettingFunctions
{
    public const string SetConfig = "set_config";

    public static IEnumerable<Function> Functions() =>
        [
            Scalar(SetConfig, SetConfig, [LogicalType.Text, LogicalType.Text, LogicalType.Boolean], LogicalType.Text, a => a[1])
                .AsVolatile()
                .AsLax(),
        ];

    /// <summary>Names with a dot are the app's to set, but for those that say who asks for what.</summary>
    public static Error? Refusal(string name) =>
        name.StartsWith("request.", StringComparison.OrdinalIgnoreCase)
            ? new Error(ErrorCodes.InsufficientPrivilege, $"permission denied to set parameter \"{name}\"", null, "Settings of the request are read only.")
        : name.Contains('.', StringComparison.Ordinal) ? null
        : new Error(ErrorCodes.UndefinedObject, $"unrecognized configuration parameter \"{name}\"", null, "Give a setting of your own a name with a dot, such as app.tenant.");
}
