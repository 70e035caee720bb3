using System.Collections.Frozen;

namespace Tenon.Core.Expressions;

/// <summary>PostgreSQL's names of error conditions (its appendix A) for RAISE and for the handlers of EXCEPTION.</summary>
internal static class SqlConditions
{
    private static readonly FrozenDictionary<string, string> States = new Dictionary<string, string>
    {
        ["unique_violation"] = "23505",
        ["foreign_key_violation"] = "23503",
        ["not_null_violation"] = "23502",
        ["check_violation"] = "23514",
        ["restrict_violation"] = "23001",
        ["exclusion_violation"] = "23P01",
        ["integrity_constraint_violation"] = "23000",
        ["insufficient_privilege"] = "42501",
        ["invalid_parameter_value"] = "22023",
        ["invalid_text_representation"] = "22P02",
        ["invalid_datetime_format"] = "22007",
        ["datetime_field_overflow"] = "22008",
        ["numeric_value_out_of_range"] = "22003",
        ["string_data_right_truncation"] = "22001",
        ["null_value_not_allowed"] = "22004",
        ["array_subscript_error"] = "2202E",
        ["division_by_zero"] = "22012",
        ["data_exception"] = "22000",
        ["no_data"] = "02000",
        ["no_data_found"] = "P0002",
        ["too_many_rows"] = "P0003",
        ["assert_failure"] = "P0004",
        ["raise_exception"] = "P0001",
        ["plpgsql_error"] = "P0000",
        ["case_not_found"] = "20000",
        ["cardinality_violation"] = "21000",
        ["feature_not_supported"] = "0A000",
        ["undefined_table"] = "42P01",
        ["undefined_column"] = "42703",
        ["undefined_function"] = "42883",
        ["undefined_object"] = "42704",
        ["duplicate_object"] = "42710",
        ["syntax_error"] = "42601",
        ["datatype_mismatch"] = "42804",
        ["invalid_authorization_specification"] = "28000",
        ["invalid_password"] = "28P01",
        ["serialization_failure"] = "40001",
        ["deadlock_detected"] = "40P01",
        ["lock_not_available"] = "55P03",
        ["object_not_in_prerequisite_state"] = "55000",
        ["program_limit_exceeded"] = "54000",
        ["statement_too_complex"] = "54001",
        ["query_canceled"] = "57014",
        ["internal_error"] = "XX000",
    }.ToFrozenDictionary();

    /// <summary>The SQLSTATE of a condition's name; null when there is no such name.</summary>
    public static string? SqlState(string? name) => name is null ? null : States.GetValueOrDefault(name);

    /// <summary>Does a handler's condition (a name, an SQLSTATE, a class of them or "others") catch this error?</summary>
    public static bool Catches(string condition, string state)
    {
        if (condition == "others")
        {
            // As in PostgreSQL: these two only by their own names.
            return state is not ("57014" or "P0004");
        }
        string wanted = SqlState(condition) ?? condition;
        // A code that ends in 000 is a whole class.
        return wanted == state || (wanted.EndsWith("000", StringComparison.Ordinal) && state.StartsWith(wanted[..2], StringComparison.Ordinal));
    }
}
