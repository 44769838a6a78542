import { type Clock, instantOf } from '../shared/clock.ts';
import type { DatasetVersionView } from '../shared/contracts/dataset-view.ts';
import { GET_URL_SECONDS } from '../shared/sign-get.ts';
import type { DatasetVersionItem } from '../shared/table/dataset-version.ts';
import { versionListItemOf } from './dataset-views.ts';
import type { PreparationDocuments } from './preparation-documents.ts';

export type VersionViewer = (item: DatasetVersionItem) => Promise<DatasetVersionView>;

/** Shows a version with its report, and a URL of its rejected rows for fifteen minutes. */
export const versionViewer =
  (documents: Pick<PreparationDocuments, 'report' | 'rejectedRows'>, clock: Clock): VersionViewer =>
  async (item) => {
    const report = item.status === 'preparing' ? undefined : await documents.report(item);
    const expiresAt = instantOf(new Date(clock.now().getTime() + GET_URL_SECONDS * 1000));
    return {
      ...versionListItemOf(item),
      report: report ?? null,
      rejectedRows: report?.rejectedRowsUri ? { url: await documents.rejectedRows(item), expiresAt } : null,
    };
  };
