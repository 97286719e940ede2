package org.lethe.image.diffusion;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** A model whose prompts are rows of a table of tokens, so that tokens can be found, changed and added. */
public interface TokenDiffusion extends Diffusion {
    /** The ids that a prompt is turned into, with its beginning, its end and its padding, where there are such. */
    int[] ids(String prompt);

    /** How many ids of a prompt are its own, with its beginning and its end; the rest is padding. */
    int attended(String prompt);

    /** The table of tokens, one row for each id. */
    Tensor table();

    /**
     * The states of prompts in ids, {@code [prompts, tokens, dims]}. Ids that follow those of the table are rows of their own.
     *
     * @param rows of new tokens, {@code [count, dims]}; differentiable in them
     */
    Tensor states(List<int[]> ids, Tensor rows);

    /** Height and width of the pictures that it was trained for. */
    int[] size();
}
