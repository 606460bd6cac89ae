namespace ClipFunctions.Clip.Tokenization;

/// <summary>
/// A bound on repeated work. The reference repeats its fixes until nothing changes, and a hostile text (<c>&amp;amp;amp;amp;…</c>,
/// <c>Ãƒƒƒ…</c>) lets it undo one character a pass: quadratic time. With the budget spent, the text stays as it then is.
/// A text of 1,000 characters may pass more than 3,000 times, so only a text made for it meets the bound.
/// </summary>
internal struct WorkBudget(int textLength)
{
    private long _left = (1L << 24) + (128L * textLength);

    /// <summary>Takes a piece of work from the budget; false if there is not so much left.</summary>
    public bool Spend(long work)
    {
        if (work > _left)
        {
            return false;
        }

        _left -= work;
        return true;
    }
}
