package org.lethe.image.attack;

import java.util.List;
import java.util.Optional;
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
import org.lethe.image.Gallery;
import org.lethe.image.ImageModel;
import org.lethe.image.protect.Obfuscation;
import org.lethe.image.protect.ProtectWorks;

/** Attacks that strip a protective perturbation from works, so that a model can learn to imitate them. */
public interface Purification extends PictureAttack, Audit<Gallery, ImageModel> {
    /** How the imitator is tried and judged. */
    Imitation imitation();

    /** What the attack says of published works besides. */
    default List<Finding> more(ImageModel.Published published, Tools tools) {
        return List.of();
    }

    @Override
    default Aspect aspect() {
        return Aspect.EFFECT;
    }

    @Override
    default Optional<String> unsuited(Request request, Method<Gallery, ImageModel> method) {
        String name = Named.Of.name(this);
        if (!(request instanceof ProtectWorks)) {
            return Optional.of(
                    name + " strips what protect-works adds to works, not what " + Named.Of.name(request) + " changes");
        }
        return method instanceof Obfuscation || method instanceof DoNothing<?, ?>
                ? Optional.empty()
                : Optional.of(name + " attacks methods that protect works, not " + Named.Of.name(method));
    }

    @Override
    default List<Finding> examine(Case<Gallery, ImageModel> c, Env env) {
        return new ImitationTrial(this, c, env).findings();
    }

    @Override
    default List<Picture> pictures(Case<Gallery, ImageModel> c, Env env) {
        return new ImitationTrial(this, c, env).strips();
    }

    @Override
    default String limits() {
        return "A pass says that one imitator with one budget failed after one purification: another may still succeed.";
    }
}
