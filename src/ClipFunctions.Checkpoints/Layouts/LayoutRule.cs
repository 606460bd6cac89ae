namespace ClipFunctions.Checkpoints.Layouts;

/// <summary>
/// How one tensor of a checkpoint becomes (a part of) one of ours. Names are templates in which <c>{i}</c> stands for a block's number.
/// </summary>
/// <param name="Source">The name in the checkpoint.</param>
/// <param name="Canonical">The name in openai's layout, which the graphs are built from.</param>
/// <param name="Part">Which part of it, for tensors that several are stacked to; 0 for the first.</param>
/// <param name="Share">How many of the whole's equal shares this part is.</param>
/// <param name="Shares">How many shares the whole has; 1 where the tensor is the whole.</param>
/// <param name="Transposed">Whether rows and columns change places.</param>
/// <param name="Squeezed">Whether leading dimensions of 1 are dropped.</param>
internal sealed record LayoutRule(string Source, string Canonical, int Part = 0, int Share = 1, int Shares = 1, bool Transposed = false, bool Squeezed = false)
{
    /// <summary>The shape that the source tensor must have for the whole to have this one.</summary>
    public long[] SourceShape(IReadOnlyList<long> whole)
    {
        long[] shape = [.. whole];
        if (Shares > 1 && shape.Length > 0)
        {
            shape[0] = shape[0] / Shares * Share;
        }

        return Transposed && shape.Length == 2 ? [shape[1], shape[0]] : shape;
    }
}
