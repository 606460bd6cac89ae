namespace ClipFunctions.Clip.Inference;

/// <summary>The halves of a CLIP model; each is loaded when it is first used.</summary>
[Flags]
public enum ModelTowers
{
    /// <summary>Neither.</summary>
    None = 0,

    /// <summary>The vision tower.</summary>
    Vision = 1,

    /// <summary>The text tower.</summary>
    Text = 2,

    /// <summary>Both.</summary>
    Both = Vision | Text,
}
