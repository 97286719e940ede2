package org.lethe.averages;

import java.util.List;
import org.lethe.DataFolders;
import org.lethe.Subject;
import org.lethe.averages.Averages.Ages;
import org.lethe.averages.Averages.Average;
import org.lethe.laws.SubjectLaws;

class AveragesLawsTest extends SubjectLaws<float[], Average> {
    @Override
    protected Subject<float[], Average> subject() {
        return new Averages();
    }

    @Override
    protected float[] data() {
        return new Ages(200, 1).load(new DataFolders(List.of()));
    }
}
