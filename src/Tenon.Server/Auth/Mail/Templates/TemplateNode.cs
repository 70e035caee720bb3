using System.Collections.Immutable;

namespace Tenon.Server.Auth.Mail.Templates;

/// <summary>Where in the HTML an action's value lands; it decides how the value is escaped.</summary>
internal enum OutputContext
{
    /// <summary>Not HTML: a subject line, a text message.</summary>
    Plain,
    Html,
    Attribute,

    /// <summary>The beginning of an address in href, src or action: its scheme is judged too.</summary>
    UrlStart,
}

/// <summary>A parsed template.</summary>
internal abstract record TemplateNode
{
    public sealed record Text(string Value) : TemplateNode;

    public sealed record Output(Pipeline Value, OutputContext Context) : TemplateNode;

    public sealed record Assign(string Name, Pipeline Value, bool Declares) : TemplateNode;

    public sealed record If(Pipeline Condition, ImmutableArray<TemplateNode> Then, ImmutableArray<TemplateNode> Else) : TemplateNode;

    public sealed record With(Pipeline Value, string? Name, ImmutableArray<TemplateNode> Then, ImmutableArray<TemplateNode> Else) : TemplateNode;

    public sealed record Range(
        Pipeline Items,
        string? Key,
        string? Item,
        ImmutableArray<TemplateNode> Body,
        ImmutableArray<TemplateNode> Else
    ) : TemplateNode;
}

/// <summary>a | b | c: each command takes the value before it as its last argument.</summary>
internal sealed record Pipeline(ImmutableArray<Command> Commands);

/// <summary>A function with arguments, or a single operand.</summary>
internal sealed record Command(string? Function, ImmutableArray<Operand> Arguments);

internal abstract record Operand
{
    public sealed record Constant(object? Value) : Operand;

    /// <summary>Dot, or $name, followed by fields.</summary>
    public sealed record Path(string? Variable, ImmutableArray<string> Fields) : Operand;

    public sealed record Nested(Pipeline Value, ImmutableArray<string> Fields) : Operand;
}

/// <summary>A template that cannot be used; the message names the line and what is wrong.</summary>
internal sealed class TemplateException(string message) : Exception(message);
