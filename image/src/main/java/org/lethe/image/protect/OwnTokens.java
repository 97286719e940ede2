package org.lethe.image.protect;

import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.lethe.LetheException;
import org.lethe.image.diffusion.TokenDiffusion;

/** The tokens that name a concept and nothing else. */
final class OwnTokens {
    private static final String MANNER = "in the style of";

    private OwnTokens() {}

    /** The ids of a concept's prompt that neither its anchor nor a kept prompt has, nor "in the style of"; at least one. */
    static List<Integer> of(TokenDiffusion model, Sanitisation.Concept concept) {
        Set<Integer> own = new LinkedHashSet<>();
        Arrays.stream(model.ids(concept.concept())).forEach(own::add);
        remove(own, model.ids(""));
        remove(own, model.ids(MANNER));
        remove(own, model.ids(concept.anchor()));
        concept.kept().forEach(kept -> remove(own, model.ids(kept)));
        if (own.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "\"" + concept.concept() + "\" has no word of its own beside \"" + concept.anchor() + "\" and "
                            + concept.kept().size() + " kept prompts, expected a concept that the tokenizer knows");
        }
        return List.copyOf(own);
    }

    private static void remove(Set<Integer> from, int[] ids) {
        for (int id : ids) {
            from.remove(id);
        }
    }
}
