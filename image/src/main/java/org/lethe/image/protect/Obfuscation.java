package org.lethe.image.protect;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.ImageModel;
import org.lethe.image.Judge;
import org.lethe.image.Perceptual;
import org.lethe.image.Work;
import org.lethe.image.diffusion.Diffusion;

/** Protections that change pictures so that a model that learns from them cannot imitate them. */
public interface Obfuscation extends Method<Gallery, ImageModel> {
    /**
     * What a protection is given.
     *
     * @param pictures of the same size
     * @param prompt generic for them, as {@code a painting}
     * @param others one for each, by another artist: of the same subject, where the gallery has it; empty where there are none
     * @param masks one for each, light where it may be changed; empty where all may be
     * @param perceptual makes the judge of the gallery, which says how far apart pictures look; empty without a gallery
     */
    record Task(
            List<Bitmap> pictures,
            String prompt,
            List<Bitmap> others,
            List<Bitmap> masks,
            Optional<Supplier<Perceptual>> perceptual) {
        public Task {
            pictures = List.copyOf(pictures);
            others = List.copyOf(others);
            masks = List.copyOf(masks);
            Check.require(
                    masks.isEmpty() || masks.size() == pictures.size(),
                    "masks",
                    masks.size(),
                    "none, or one for each of the " + pictures.size() + " pictures");
        }

        /** Pictures alone, which may be changed everywhere. */
        public Task(List<Bitmap> pictures, String prompt) {
            this(pictures, prompt, List.of(), List.of(), Optional.empty());
        }
    }

    /** Whether pictures are protected together, since a model learns from all of them; else each could be protected alone. */
    default boolean together() {
        return false;
    }

    /** The protected pictures, in order and of the same size. It uses a copy where it trains; {@code model} stays as it is. */
    List<Bitmap> protect(Diffusion model, Task task, Env env);

    @Override
    default Optional<String> unsuited(Request request, Learner<Gallery, ImageModel> learner) {
        return request instanceof ProtectWorks
                ? Optional.empty()
                : Optional.of(Named.Of.name(this) + " protects works, expected the request protect-works");
    }

    @Override
    default ImageModel fulfil(
            ImageModel model, Request request, Learner<Gallery, ImageModel> learner, Gallery data, Env env) {
        List<Work> chosen = ((ProtectWorks) request).chosen(data, env);
        List<Bitmap> others = chosen.stream()
                .map(work -> data.works().stream()
                        .filter(w -> !w.style().equals(work.style()))
                        .filter(w -> w.caption().equals(work.caption()))
                        .findFirst()
                        .orElseGet(() -> data.known(Work.Part.TRAINING).getFirst())
                        .picture())
                .toList();
        Task task = new Task(
                chosen.stream().map(Work::picture).toList(),
                Gallery.prompt("", ""),
                others,
                List.of(),
                Optional.of(() -> Judge.of(data, env)));
        List<Bitmap> changed;
        try (var _ = new PointerScope()) {
            changed = protect(model.open(env.device()), task, env);
        }
        List<Work> shown = new ArrayList<>();
        for (int n = 0; n < chosen.size(); n++) {
            shown.add(chosen.get(n).with(changed.get(n)));
        }
        return model.with(new ImageModel.Published(chosen, shown, true, Optional.empty()));
    }

    @Override
    default Exactness exactness() {
        return Exactness.NONE;
    }
}
