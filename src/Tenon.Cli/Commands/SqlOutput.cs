using System.Buffers;
using System.Text;
using System.Text.Json;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Server.Prompt;

namespace Tenon.Cli.Commands;

/// <summary>Results as psql prints them, or as one JSON value a line; errors with the line and a caret under the place.</summary>
internal sealed class SqlOutput(TextWriter output, TextWriter errors, bool json)
{
    public void Show(PromptResult result)
    {
        if (json)
        {
            output.WriteLine(result.Columns.IsEmpty ? JsonSerializer.Serialize(new { command = result.Tag }) : Json(result));
            return;
        }
        if (!result.Columns.IsEmpty)
        {
            var right = new HashSet<int>();
            for (int i = 0; i < result.Columns.Length; i++)
            {
                if (result.Columns[i].Type.Kind is TypeKind.Int2 or TypeKind.Int4 or TypeKind.Int8 or TypeKind.Numeric or TypeKind.Float4 or TypeKind.Float8)
                {
                    right.Add(i);
                }
            }
            var table = new TextTable([.. result.Columns.Select(c => c.Name)], right);
            foreach (Datum[] row in result.Rows)
            {
                table.Add([.. row.Select((value, i) => value.IsNull ? "" : TypeOutput.ToText(result.Columns[i].Type, value))]);
            }
            table.Print(output);
            output.WriteLine($"({result.Rows.Count} row{(result.Rows.Count == 1 ? "" : "s")})");
            output.WriteLine();
        }
        if (!result.Tag.StartsWith("SELECT", StringComparison.Ordinal))
        {
            output.WriteLine(result.Tag);
        }
    }

    private static string Json(PromptResult result)
    {
        var buffer = new ArrayBufferWriter<byte>();
        buffer.Write("["u8);
        for (int r = 0; r < result.Rows.Count; r++)
        {
            buffer.Write(r == 0 ? "{"u8 : ",{"u8);
            for (int i = 0; i < result.Columns.Length; i++)
            {
                buffer.Write(Encoding.UTF8.GetBytes($"{(i == 0 ? "" : ",")}{JsonSerializer.Serialize(result.Columns[i].Name)}:"));
                TypeOutput.WriteJson(result.Columns[i].Type, result.Rows[r][i], buffer);
            }
            buffer.Write("}"u8);
        }
        buffer.Write("]"u8);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public void Fail(Error error, string text)
    {
        if (json)
        {
            errors.WriteLine(JsonSerializer.Serialize(new { code = error.Code.ToString(), message = error.Message, details = error.Details, hint = error.Hint, position = error.Position + 1 }));
            return;
        }
        errors.WriteLine($"ERROR:  {error.Message} ({error.Code})");
        if (error.Position is { } position && position <= text.Length)
        {
            (int line, int column) = new Span(position, 0).LineAndColumn(text);
            string head = $"LINE {line}: ";
            string shown = text.Split('\n')[line - 1].TrimEnd('\r').Replace('\t', ' ');
            errors.WriteLine(head + shown);
            errors.WriteLine(new string(' ', head.Length + column - 1) + "^");
        }
        if (error.Details is not null)
        {
            errors.WriteLine("DETAIL:  " + error.Details);
        }
        if (error.Hint is not null)
        {
            errors.WriteLine("HINT:  " + error.Hint);
        }
    }
}
