namespace Tenon.Core.Errors;

/// <summary>Either a value or an <see cref="Errors.Error"/>: expected failure, cheap because callers choose how often it happens.</summary>
internal readonly struct Outcome<T>
{
    private readonly T? value;

    private Outcome(T? value, Error? error)
    {
        this.value = value;
        Error = error;
    }

    public Error? Error { get; }

    public bool Failed => Error is not null;

    /// <summary>The value; throws the error when there is none.</summary>
    public T Value => Error is null ? value! : throw new TenonException(Error);

    public bool TryGet(out T result, out Error error)
    {
        result = value!;
        error = Error!;
        return Error is null;
    }

    /// <summary>For values of an interface type, which cannot convert implicitly.</summary>
    public static Outcome<T> Of(T value) => new(value, null);

    public static implicit operator Outcome<T>(T value) => new(value, null);

    public static implicit operator Outcome<T>(Error error) => new(default, error);
}
