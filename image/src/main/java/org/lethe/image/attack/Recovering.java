package org.lethe.image.attack;

import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.DoNothing;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Picture;
import org.lethe.Request;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.Guard;
import org.lethe.image.ImageModel;
import org.lethe.image.Work;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.protect.EraseConcept;
import org.lethe.image.protect.Sanitisation;

/**
 * Attacks that make a model paint a concept again that was erased from it. All follow one {@link Recovery}: the same works, prompts,
 * noise and budget, whatever the protection.
 */
interface Recovering extends Audit<Gallery, ImageModel> {
    /** How the attack is tried and judged. */
    Protocol protocol();

    /**
     * What an attacker knows.
     *
     * @param style that was erased
     * @param works in that style
     * @param captions of the pictures that will be asked for, each once
     * @param unedited the public model before the concept was erased, of which an attacker may read the text encoder
     * @param protocol the shared settings
     */
    record Target(String style, List<Work> works, List<String> captions, ImageModel unedited, Protocol protocol) {
        public Target {
            works = List.copyOf(works);
            captions = List.copyOf(captions);
        }

        /** The pictures of the works. */
        List<Bitmap> pictures() {
            return works.stream().map(Work::picture).toList();
        }

        /** A prompt for each work under a name of its style. */
        List<String> prompts(String name) {
            return works.stream()
                    .map(work -> Gallery.prompt(protocol.captions() ? work.caption() : "", name))
                    .toList();
        }
    }

    /**
     * What an attack leads to.
     *
     * @param model that is sampled, under the guard of the protected one
     * @param prompt that asks for a caption in the style
     */
    record Recovered(Diffusion model, UnaryOperator<String> prompt) {
        /** A model that paints the style under a name. */
        static Recovered under(Diffusion model, String name) {
            return new Recovered(model, caption -> Gallery.prompt(caption, name));
        }
    }

    /**
     * Attacks a model.
     *
     * @param model without its guard, the attack's own, which may be trained in place
     * @param guard of its sampler
     */
    Recovered recover(Diffusion model, Guard guard, Target target, Env env);

    @Override
    default Aspect aspect() {
        return Aspect.EFFECT;
    }

    @Override
    default Optional<String> unsuited(Request request, Method<Gallery, ImageModel> method) {
        String name = Named.Of.name(this);
        if (!(request instanceof EraseConcept)) {
            return Optional.of(name + " brings back what erase-concept takes away, not " + Named.Of.name(request));
        }
        return method instanceof Sanitisation || method instanceof DoNothing<?, ?>
                ? Optional.empty()
                : Optional.of(name + " attacks methods that erase a concept, not " + Named.Of.name(method));
    }

    @Override
    default List<Finding> examine(Case<Gallery, ImageModel> c, Env env) {
        return Recovery.of(this, c, env).findings();
    }

    @Override
    default List<Picture> pictures(Case<Gallery, ImageModel> c, Env env) {
        return Recovery.of(this, c, env).strips();
    }

    @Override
    default String limits() {
        return "A pass says that one budget of one attack failed: more works or more steps may still bring the concept back.";
    }
}
