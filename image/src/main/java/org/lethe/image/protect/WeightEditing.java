package org.lethe.image.protect;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.image.Gallery;
import org.lethe.image.ImageModel;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.TokenDiffusion;
import org.lethe.image.model.Gaussian;
import org.lethe.torch.Parameters;

/** Sanitisations that change weights: the part of the model that they name, and nothing else. */
public interface WeightEditing extends Sanitisation {
    /** Erases concepts from a model in place; no concept leaves every bit as it is. */
    void edit(Diffusion model, List<Concept> concepts, Env env);

    /** The part of the model that may change. */
    Trained trained();

    /** Whether a tensor may change. */
    default boolean edits(Diffusion.Part part, String name) {
        return switch (part) {
            case DENOISER -> trained().ofDenoiser(name);
            case TEXT -> trained().ofText(name);
            case AUTOENCODER -> false;
        };
    }

    @Override
    default ImageModel erase(ImageModel model, Concept concept, Env env) {
        try (var _ = new PointerScope()) {
            Diffusion opened = model.open(env.device());
            edit(opened, List.of(concept), env);
            return model.with(opened);
        }
    }

    @Override
    default Optional<String> unsuited(Request request, Learner<Gallery, ImageModel> learner) {
        Optional<String> wrong = Sanitisation.super.unsuited(request, learner);
        boolean nothing = !edits(Diffusion.Part.DENOISER, "gain") && !edits(Diffusion.Part.TEXT, "means");
        return wrong.isEmpty() && learner instanceof Gaussian && nothing
                ? Optional.of(Named.Of.name(this) + " edits " + trained().words()
                        + ", and the learner gaussian has a closed form and no such layers")
                : wrong;
    }

    /** The tensors of the denoiser that may change, which must be some. */
    default Parameters chosen(Diffusion model) {
        Map<String, Tensor> chosen = new LinkedHashMap<>();
        model.parameters(Diffusion.Part.DENOISER).all().forEach((name, tensor) -> {
            if (edits(Diffusion.Part.DENOISER, name)) {
                chosen.put(name, tensor);
            }
        });
        if (chosen.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    Named.Of.name(this) + " edits " + trained().words() + ", of which this model has none");
        }
        return Parameters.of(chosen);
    }

    /** Height and width of the pictures of a concept, or of those that the model was trained for. */
    static int[] size(Diffusion model, Concept concept) {
        if (!concept.pictures().isEmpty()) {
            return new int[] {
                concept.pictures().getFirst().height(),
                concept.pictures().getFirst().width()
            };
        }
        if (model instanceof TokenDiffusion sized) {
            return sized.size();
        }
        throw new IllegalArgumentException(
                "pictures of \"" + concept.concept() + "\" are absent, expected some, since the model has no size");
    }
}
